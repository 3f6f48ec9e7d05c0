"""A task in this process, without Redis, with its record in SQL."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import reads
from app.context import current_run
from app.errors import Conflict, Invalid, RotaError, Unavailable
from app.leases import lease
from app.outcomes import Outcome
from app.records.database import open_database
from app.run_here import run_here
from app.system import System
from tests.engine.stage import rows
from tests.fixtures import open_system


@pytest.fixture
def lonely_system(sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A system whose Redis nobody ever started."""
    opened = open_system(f"unix://{tmp_path}/nobody.sock", sqlite_url, tmp_path)
    yield opened
    opened.close()


def run(system: System, task_id: str, **arguments: object) -> Outcome:
    return run_here(system, system.catalogue.task(task_id), arguments, f"{task_id}--m1", "olga")


def test_it_runs_without_redis_and_writes_its_record(
    lonely_system: System, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    outcome = run(lonely_system, "greet", name="Ada", times=2)
    assert (outcome.kind, outcome.result) == (
        "succeeded",
        {"greeted": 2, "words": ["Ada", "Ada"]},
    )
    found = reads.run(lonely_system, "greet--m1")
    assert (found.status, found.trigger, found.triggered_by) == ("succeeded", "cli", "olga")
    assert (found.arguments, found.result) == ({"name": "Ada", "times": 2}, outcome.result)
    assert [(one.attempt, one.outcome) for one in found.attempts] == [(1, "succeeded")]
    assert found.duration_seconds is not None
    (log,) = rows(lonely_system, "SELECT lines FROM run_logs")
    assert "hello Ada, calm" in log["lines"]


def test_a_failure_is_recorded_with_its_traceback(lonely_system: System) -> None:
    outcome = run(lonely_system, "fails", message="no such luck")
    assert outcome.kind == "failed"
    error = reads.run(lonely_system, "fails--m1").error
    assert error
    assert error.traceback.endswith("ValueError: no such luck\n")


def test_a_skip_is_recorded_with_its_reason(lonely_system: System) -> None:
    assert run(lonely_system, "skips").kind == "skipped"
    assert reads.run(lonely_system, "skips--m1").reason == "not configured: set GREETING"


def test_a_coroutine_runs_as_well(lonely_system: System) -> None:
    assert run(lonely_system, "later").result == "awaited 0.0"


def test_wrong_arguments_run_nothing(lonely_system: System) -> None:
    with pytest.raises(Invalid):
        run(lonely_system, "greet", times="many")
    assert rows(lonely_system, "SELECT * FROM runs") == []


def test_with_a_lock_it_does_not_overlap(lonely_system: System) -> None:
    task = lonely_system.catalogue.task("greet")
    with lease(lonely_system.database, "task greet", 60), pytest.raises(Conflict):
        run_here(lonely_system, task, {}, "greet--m1", "olga", lock=True)
    assert rows(lonely_system, "SELECT * FROM runs") == []
    outcome = run_here(lonely_system, task, {}, "greet--m1", "olga", lock=True)
    assert outcome.kind == "succeeded"
    assert rows(lonely_system, "SELECT * FROM leases") == []


def test_a_fire_time_runs_once(lonely_system: System) -> None:
    fire_time = datetime(2026, 6, 1, 9, tzinfo=UTC)
    run_id = f"greet--{int(fire_time.timestamp())}"
    task = lonely_system.catalogue.task("greet")
    run_here(lonely_system, task, {}, run_id, "cron", fire_time=fire_time)
    found = reads.run(lonely_system, run_id)
    assert (found.trigger, found.fire_time, found.at) == ("schedule", fire_time, fire_time)
    with pytest.raises(Conflict, match="has run already"):
        run_here(lonely_system, task, {}, run_id, "cron", fire_time=fire_time)


def test_without_a_database_nothing_runs(lonely_system: System, tmp_path: Path) -> None:
    away = System(
        lonely_system.settings,
        lonely_system.catalogue,
        lonely_system.redis,
        open_database(f"postgresql+psycopg://nobody@/none?host={tmp_path}"),
    )
    ledger = tmp_path / "ledger"
    with pytest.raises(Unavailable):
        run(away, "tick", ledger=str(ledger))
    assert not ledger.exists()


def test_afterwards_no_run_is_current(lonely_system: System) -> None:
    run(lonely_system, "greet")
    with pytest.raises(RotaError, match="No run is executing here"):
        current_run()
