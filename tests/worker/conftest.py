"""What the worker's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.system import System
from tests.fixtures import open_system, release
from tests.worker.crews import MODULES


@pytest.fixture
def worker_system(redis_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A released system whose tasks behave badly."""
    system = open_system(redis_url, sqlite_url, tmp_path, task_modules=MODULES)
    release(system)
    yield system
    system.close()
