"""A batch of events leaves what its events leave one at a time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.events import Event
from app.records.database import writing
from app.records.folding import folded_attempts, folded_runs
from app.records.history import record
from app.records.schema import attempts, run_dependencies, runs
from app.system import System

NOW = datetime(2027, 1, 15, 8, tzinfo=UTC)
TABLES = (runs, attempts, run_dependencies)
ENDS = ("succeeded", "failed", "skipped", "stopped")


def life(run_id: str, dice: random.Random) -> list[Event]:
    """Return what may happen to a run: retries, put back without using an attempt, lost."""
    told: list[tuple[str, int, dict[str, Any]]] = [("queued", 0, {"queued_at": ms(0)})]
    attempt = 0
    for _ in range(dice.randrange(4)):
        attempt += 1
        told.append(("running", attempt, {"started_at": ms(attempt), "worker": f"w{attempt}"}))
        end = {"ended_at": ms(attempt + 0.5), "ended_attempt": attempt}
        match dice.randrange(4):
            case 0:
                told.append(("scheduled", attempt, {**end, "outcome": "failed", "error": {"a": 1}}))
                told.append(("queued", attempt, {"queued_at": ms(attempt + 1)}))
            case 1:
                told.append(("queued", attempt - 1, {**end, "outcome": "interrupted"}))
                attempt -= 1
            case 2:
                told.append(("queued", attempt, {**end, "outcome": "lost", "reason": "died"}))
            case _:
                used = {"result": {"n": attempt}, "cpu_seconds": 0.5, "max_rss_bytes": 1024}
                status = dice.choice(ENDS)
                told.append((status, attempt, {**end, "outcome": status, **used}))
                break
    static = {
        "task_id": "greet", "trigger": "api", "at": ms(0), "queue": "default",
        "depends_on": ["a", "b"] if dice.random() < 0.3 else [],
    }  # fmt: skip
    return [
        Event("", run_id, status, revision, number, NOW, static, data)
        for revision, (status, number, data) in enumerate(told, start=1)
    ]


def ms(seconds: float) -> float:
    return (NOW + timedelta(seconds=seconds)).timestamp() * 1000


def stream(dice: random.Random) -> list[Event]:
    """Return events of several runs, interleaved; some come twice, some late."""
    lives = [life(f"greet--m{number}", dice) for number in range(6)]
    events = []
    while any(lives):
        events.append(dice.choice([one for one in lives if one]).pop(0))
    for event in dice.sample(events, 4):
        events.insert(dice.randrange(len(events)), event)
    return events


def content(system: System) -> list[list[str]]:
    with writing(system.database) as connection:
        return [sorted(map(str, connection.execute(select(table)))) for table in TABLES]


def written(system: System, batches: list[list[Event]]) -> list[list[str]]:
    for batch in batches:
        with writing(system.database) as connection:
            record(connection, batch)
    found = content(system)
    with writing(system.database) as connection:
        for table in TABLES:
            connection.execute(delete(table))
    return found


@pytest.mark.parametrize("seed", range(8))
def test_any_cut_into_batches_leaves_the_same_rows(system: System, seed: int) -> None:
    dice = random.Random(seed)
    events = stream(dice)
    one_by_one = written(system, [[event] for event in events])
    cut = sorted(dice.sample(range(len(events)), 2))
    batches = [events[: cut[0]], events[cut[0] : cut[1]], events[cut[1] :]]
    assert written(system, batches) == one_by_one
    assert written(system, [events]) == one_by_one


def test_a_run_from_its_queue_to_its_end_is_one_row_and_one_attempt() -> None:
    static = {"task_id": "greet", "trigger": "api", "at": ms(0)}
    told: list[tuple[str, dict[str, Any]]] = [
        ("queued", {"queued_at": ms(0)}),
        ("running", {"started_at": ms(1)}),
        ("succeeded", {"outcome": "succeeded", "ended_at": ms(2)}),
    ]
    events = [
        Event("", "greet--m1", status, revision, 1, NOW, static, data)
        for revision, (status, data) in enumerate(told, start=1)
    ]
    [(row, columns)] = folded_runs(events)
    assert (row["status"], row["revision"]) == ("succeeded", 3)
    assert {"queued_at", "started_at", "ended_at"} <= columns
    begun, ended = folded_attempts(events)
    assert [(one["outcome"], one["ended_at"] is None) for one in begun] == [("succeeded", False)]
    assert not ended
