"""Fixtures for every test: real, private servers; nothing shared between tests but speed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from redis import Redis

from app.settings import SERVICE_SETTINGS, Settings
from tests import processes, servers
from tests.servers import PostgresServer, RedisServer

pytest_plugins = ["tests.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Let no setting of the developer's shell reach a test; let nothing outlive the test run."""
    for name in [*(each.name.upper() for each in fields(Settings)), *SERVICE_SETTINGS, "DYNO"]:
        os.environ.pop(name, None)
        os.environ.pop(f"{name}_FILE", None)
    if hasattr(config, "workerinput"):
        processes.die_with_parent()


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder with a path short enough for Unix sockets."""
    with servers.server_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def redis_server(server_folder: Path) -> Iterator[RedisServer]:
    """The session's Redis-compatible server. Do not kill it: take `own_redis` for that."""
    server = RedisServer(server_folder / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of an empty Redis."""
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def own_redis(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """A durable Redis of this test's own, to be killed and started again."""
    server = RedisServer(server_folder / f"own-{abs(hash(request.node.nodeid))}", durable=True)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[PostgresServer]:
    """The session's PostgreSQL, started when the first test asks for it."""
    server = PostgresServer(server_folder / "postgres")
    yield server
    server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'rota.sqlite3'}"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database; the test runs once on each kind."""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(kind))


@pytest.fixture(autouse=True)
def end_of_processes() -> Iterator[None]:
    """Nothing that a test started outlives it."""
    yield
    processes.end_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the test's processes wrote, if it failed."""
    report = yield
    if report.failed:
        report.sections += [
            (f"output of {process}", process.output) for process in processes.started
        ]
    return report
