"""What several of the engine's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.system import System
from tests.engine.declaring import fresh_registry, task_folder
from tests.engine.executing import MODULES, Executed, execute_all
from tests.engine.terminal import rota
from tests.fixtures import open_system, release
from tests.servers import RedisServer


@pytest.fixture(scope="session")
def executed(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Executed]:
    """Runs that real workers executed, each as it ended; tests only look at them."""
    folder = tmp_path_factory.mktemp("executed")
    server = RedisServer(server_folder / "executed")
    server.start()
    try:
        yield from _executed(server.url, folder)
    finally:
        server.stop()


def _executed(redis_url: str, folder: Path) -> Iterator[Executed]:
    database_url = f"sqlite:///{folder / 'rota.sqlite3'}"
    system = open_system(redis_url, database_url, folder, task_modules=MODULES)
    release(system)
    yield execute_all(system)
    system.close()


@pytest.fixture
def ends_system(redis_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A system whose tasks end in every way."""
    system = open_system(redis_url, sqlite_url, tmp_path, task_modules=MODULES)
    release(system)
    yield system
    system.close()


__all__ = ["fresh_registry", "rota", "task_folder"]
