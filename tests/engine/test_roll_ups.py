"""Counts and last runs are what counting all rows gives, whatever happens to the rows."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.events import Event
from app.records.database import reading, writing
from app.records.history import record
from app.records.migrate import migrate
from app.records.retention import prune
from app.records.roll_ups import (
    EVERY_TASK,
    EXECUTED,
    NEVER_EXECUTED,
    SLOT_SECONDS,
    SUCCEEDED,
    fill,
    install,
    uninstall,
)
from app.records.schema import last_runs, run_counts, runs
from app.system import System
from app.views import ENDED

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
STATUSES = (*sorted(ENDED), "scheduled", "queued", "running")
TASKS = ("greet", "fails", "morning")
Newest = dict[tuple[str, str], tuple[str, datetime, str]]


def assert_true_to_the_rows(system: System) -> None:
    with reading(system.database) as connection:
        rows = connection.execute(select(runs)).all()
        cells = {
            (row.task_id, row.slot, row.status): row.number
            for row in connection.execute(select(run_counts))
        }
        newest = {
            (row.task_id, row.kind): (row.run_id, row.at, row.status)
            for row in connection.execute(select(last_runs))
        }
    counted: Counter[tuple[str, int, str]] = Counter()
    found: Newest = {}
    for row in sorted(rows, key=lambda row: (row.at, row.run_id)):
        slot = int(row.at.timestamp()) // SLOT_SECONDS
        counted.update([(row.task_id, slot, row.status), (EVERY_TASK, slot, row.status)])
        if row.status not in NEVER_EXECUTED and (row.ended_at or row.at) >= row.at:
            found[row.task_id, EXECUTED] = (row.run_id, row.at, row.status)
        if row.status == "succeeded":
            found[row.task_id, SUCCEEDED] = (row.run_id, row.at, row.status)
    assert cells == counted
    assert newest == found


def write_something(connection: Connection, dice: Random, step: int) -> None:
    name = f"run-{dice.randrange(40):02}"
    at = NOW - timedelta(seconds=dice.randrange(0, 200_000), microseconds=dice.randrange(1_000_000))
    values: dict[str, Any] = {"status": dice.choice(STATUSES), "revision": step}
    values["ended_at"] = at + timedelta(seconds=dice.randrange(-99, 99)) if step % 3 else None
    known = runs.c.run_id == name
    match dice.randrange(4):
        case 0:
            connection.execute(delete(runs).where(known))
        case 1:
            connection.execute(update(runs).where(known).values(at=at, **values))
        case _:
            kind = postgresql if connection.dialect.name == "postgresql" else sqlite
            whole = {"run_id": name, "task_id": dice.choice(TASKS), "trigger": "api", "at": at}
            statement = kind.insert(runs).values(whole | values)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["run_id"],
                    set_=values,
                    # A replay of something older changes nothing.
                    where=runs.c.revision < step - dice.randrange(0, 20),
                )
            )


@pytest.mark.parametrize("seed", range(3))
def test_after_any_history_they_are_what_counting_gives(system: System, seed: int) -> None:
    dice = Random(seed)
    for some in range(12):
        with writing(system.database) as connection:
            for step in range(20):
                write_something(connection, dice, some * 20 + step)
        assert_true_to_the_rows(system)


def test_a_replayed_event_is_counted_once(system: System) -> None:
    static = {"task_id": "greet", "trigger": "api", "at": NOW.timestamp() * 1000}
    lived = ("queued", "running", "scheduled", "queued", "running", "succeeded")
    events = [Event("", "greet--m1", s, n, 1, NOW, static, {}) for n, s in enumerate(lived, 1)]
    for end in range(1, len(events) + 1):
        with writing(system.database) as connection:
            record(connection, [*events[:end], events[end - 1], events[0]])
        assert_true_to_the_rows(system)


def test_after_retention_the_counts_have_shrunk_with_the_rows(system: System) -> None:
    with writing(system.database) as connection:
        for number in range(60):
            at = NOW - timedelta(hours=number)
            status = STATUSES[number % len(STATUSES)]
            values = {"run_id": f"r{number}", "task_id": TASKS[number % 2], "at": at}
            connection.execute(insert(runs).values(trigger="api", status=status, **values))
    assert prune(system.database, 1, NOW) > 20
    assert_true_to_the_rows(system)
    assert prune(system.database, 0, NOW + timedelta(seconds=1)) > 5
    assert_true_to_the_rows(system)


def test_rows_from_before_are_counted_when_the_tables_come(system: System) -> None:
    with writing(system.database) as connection:
        uninstall(connection)
        for step in range(200):
            write_something(connection, Random(step), step)
        assert connection.execute(select(run_counts)).all() == []
        fill(connection)
        install(connection)
    assert_true_to_the_rows(system)


def test_a_release_puts_the_triggers_back(system: System) -> None:
    with writing(system.database) as connection:
        uninstall(connection)
    migrate(system.database)
    with writing(system.database) as connection:
        write_something(connection, Random(3), 1)
        connection.execute(
            insert(runs).values(run_id="r", task_id="greet", trigger="api", status="queued", at=NOW)
        )
    assert_true_to_the_rows(system)
