"""A person at a terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from app.cli import main
from app.settings import current_settings
from app.system import System
from tests.engine.executing import worker_environment


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


@pytest.fixture
def rota(
    sqlite_system: System,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Command]:
    """Run a command over the system, as a person at a terminal."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    for name, value in worker_environment(sqlite_system, ("tests.samples",)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUDO_USER", "olga")
    current_settings.cache_clear()

    def run(*arguments: str) -> Answer:
        try:
            code = main(arguments)
        except SystemExit as error:  # argparse ends wrong use and --help itself
            code = int(error.code or 0)
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    yield run
    current_settings.cache_clear()
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    for handler in handlers:
        root.addHandler(handler)
