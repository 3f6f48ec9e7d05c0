"""The database is locked, full, read-only, or breaks off: acts say so soon, runs go on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text

from app import actions, keys
from app.errors import Unavailable
from app.records.database import PATIENCE, PATIENCE_OF_PEOPLE, reading, writing
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, fire_due, lead, make_due, queued, record_all, rows
from tests.fixtures import OPERATOR, open_system


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the database's only write lock."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as holder:
        holder.isolation_level = None
        holder.execute("BEGIN EXCLUSIVE")
        yield
        holder.execute("ROLLBACK")


def pragma(database: Engine, statement: str) -> None:
    """Let every connection be limited so from now on."""
    database.dispose()

    @event.listens_for(database, "connect")
    def limit(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute(statement)


def waited(system: System) -> tuple[float, Unavailable]:
    """Pause a task in vain; return how long that took, and what was said."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        actions.pause(system, OPERATOR, "greet", "holiday")
    return time.monotonic() - began, caught.value


def test_an_act_waits_five_seconds_for_a_locked_database(
    sqlite_system: System, sqlite_url: str
) -> None:
    with locked(sqlite_url):
        seconds, said = waited(sqlite_system)
    assert PATIENCE_OF_PEOPLE <= seconds < PATIENCE_OF_PEOPLE + 1.5
    assert "locked" in str(said)
    assert said.retry_after > 0
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")


@pytest.mark.parametrize(
    ("process", "patience"),
    [("web", 5), ("cli", 5), ("worker", 15), ("scheduler", 15)],
)
def test_only_people_are_answered_so_soon(
    sqlite_system: System, process: str, patience: float
) -> None:
    opened = System.open(sqlite_system.settings, process)
    with reading(opened.database) as connection:
        found = connection.execute(text("PRAGMA busy_timeout")).scalar_one()
    opened.close()
    assert found == patience * 1000
    assert patience in (PATIENCE_OF_PEOPLE, PATIENCE)


def test_an_act_waits_five_seconds_for_a_locked_table(
    redis_url: str, postgres_url: str, tmp_path: Any
) -> None:
    system = open_system(redis_url, f"postgresql+psycopg{postgres_url[10:]}", tmp_path)
    with psycopg.connect(postgres_url) as holder:
        holder.execute("LOCK TABLE pauses IN ACCESS EXCLUSIVE MODE")
        seconds, said = waited(system)
    system.close()
    assert PATIENCE_OF_PEOPLE <= seconds < PATIENCE_OF_PEOPLE + 1.5
    assert "lock" in str(said)


def break_off(system: System, url: str) -> None:
    """Let the server end our connection in the middle of a transaction."""
    with (
        writing(system.database) as connection,
        psycopg.connect(url, autocommit=True) as killer,
    ):
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        connection.execute(text("INSERT INTO counters (name, value) VALUES ('x', 1)"))
        killer.execute("SELECT pg_terminate_backend(%s)", (pid,))
        time.sleep(0.1)
        connection.execute(text("UPDATE runs SET reason = 'x'"))


def test_a_transaction_that_postgresql_breaks_off_is_told_and_leaves_nothing(
    redis_url: str, postgres_url: str, tmp_path: Any
) -> None:
    system = open_system(redis_url, f"postgresql+psycopg{postgres_url[10:]}", tmp_path)
    with pytest.raises(Unavailable):
        break_off(system, postgres_url)
    assert rows(system, "SELECT * FROM counters WHERE name = 'x'") == []
    # The next one finds a sound connection.
    actions.pause(system, OPERATOR, "greet", "holiday")
    system.close()


def fill(system: System) -> None:
    """Write until nothing more is taken."""
    for _ in range(300):
        actions.trigger(system, OPERATOR, "waits")


NO_ROOM = {
    "full": ("PRAGMA max_page_count = 1", "full"),
    "read-only": ("PRAGMA query_only = ON", "readonly"),
}


@pytest.mark.parametrize("kind", NO_ROOM)
def test_a_database_that_takes_no_more_is_told_and_runs_go_on(
    sqlite_system: System, kind: str
) -> None:
    statement, word = NO_ROOM[kind]
    lock, redis = lead(sqlite_system), sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    record_all(sqlite_system)
    with writing(sqlite_system.database) as connection:
        # So that no free page is left.
        connection.execute(text("CREATE TABLE filler AS SELECT zeroblob(1000000) AS x"))
    pragma(sqlite_system.database, statement)
    with pytest.raises(Unavailable, match=word):
        fill(sqlite_system)
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    assert f"greet--{int(due.timestamp())}" in queued(redis)
    assert take(redis, sqlite_system.catalogue, "w", QUEUES)
    assert redis.xlen(keys.EVENTS) > 0
