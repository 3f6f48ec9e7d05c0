"""Declare tasks in a test without leaving them in the catalogue of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.tasks import registered


@pytest.fixture
def fresh_registry() -> Iterator[None]:
    """Forget, at the end, every task that the test declared."""
    before = dict(registered)
    yield
    registered.clear()
    registered.update(before)


@pytest.fixture
def task_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_registry: None) -> Path:
    """A folder on the Python path, for task modules that the test writes."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return folder
