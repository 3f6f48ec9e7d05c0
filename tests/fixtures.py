"""The engine over private servers, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.actions import Actor
from app.contributions import contributions
from app.records.database import writing
from app.records.migrate import migrate
from app.records.releases import adopt_catalogue, register_release
from app.settings import Settings
from app.system import System
from tests.running import RunningSystem, start_everything
from tests.servers import RedisServer

OPERATOR = Actor("olga", "operator", "api", "127.0.0.1")
VIEWER = Actor("victor", "viewer", "api", "127.0.0.1")


def open_system(redis_url: str, database_url: str, folder: Path, **changes: object) -> System:
    """Return a system over `tests.samples`, with the database migrated."""
    settings = Settings(
        redis_url=redis_url,
        database_url=database_url,
        task_modules=("tests.samples",),
        data_dir=folder,
        log_dir=folder / "logs",
        secret_key="a secret of the tests that is long enough",
    )
    system = System.open(replace(settings, **changes), process="web")  # type: ignore[arg-type]  # names and types are the caller's
    path = Path(database_url.removeprefix("sqlite:///"))
    if database_url.startswith("sqlite") and not path.exists():
        path.write_bytes(_migrated_file(tuple(contributions.migrations)))
    else:
        migrate(system.database)
    return system


@cache
def _migrated_file(_folders: tuple[Path, ...]) -> bytes:
    """A migrated SQLite file: hundreds of tests start from a copy of it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.sqlite3"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


def release(system: System, now: datetime | None = None) -> None:
    """Make the system's catalogue the newest release."""
    now = now or datetime.now(UTC)
    with writing(system.database) as connection:
        register_release(connection, system.catalogue.hash, now)
        adopt_catalogue(connection, system.catalogue, now)


@pytest.fixture
def system(redis_url: str, database_url: str, tmp_path: Path) -> Iterator[System]:
    """A released system on either database."""
    opened = open_system(redis_url, database_url, tmp_path)
    release(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_system(redis_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A released system on SQLite, where the database makes no difference."""
    opened = open_system(redis_url, sqlite_url, tmp_path)
    release(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def running_system(
    server_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSystem]:
    """The real Procfile processes with the project's own tasks, shared by a file's tests."""
    folder = tmp_path_factory.mktemp("running")
    redis = RedisServer(server_folder / f"running-{folder.name}", durable=True)
    redis.start()
    running = start_everything(redis.url, f"sqlite:///{folder / 'rota.sqlite3'}", folder)
    yield running
    running.stop()
    redis.stop()
