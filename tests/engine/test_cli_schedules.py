"""The command line: further schedules of a task, past fire times, and runs that still wait."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from app import reads
from app.system import System
from tests.engine.stage import record_all, rows
from tests.engine.terminal import Command

SCHEDULES = "SELECT schedule_id FROM schedules WHERE retired_at IS NULL ORDER BY schedule_id"


def test_a_further_schedule_is_added_listed_and_removed(
    rota: Command, sqlite_system: System
) -> None:
    before = rows(sqlite_system, SCHEDULES)
    options = ("--cron", "0 2 * * *", "--timezone", "Europe/Berlin", "--arg", "name=Ada")
    answer = rota("tasks", "add-schedule", "greet", "nightly", *options)
    assert (answer.code, answer.out) == (0, "greet-nightly is added.\n")
    listed = rota("tasks", "schedules", "greet").out
    assert "Every day at 02:00 (Europe/Berlin)" in listed
    as_json = json.loads(rota("tasks", "schedules", "greet", "--json").out)
    assert [one["schedule_id"] for one in as_json["schedules"]] == ["greet", "greet-nightly"]
    reset = rota("tasks", "reset", "greet-nightly")
    assert (reset.code, "reschedule it, or remove it" in reset.err) == (1, True)
    assert rota("tasks", "remove-schedule", "greet-nightly").code == 0
    assert rows(sqlite_system, SCHEDULES) == before


def test_a_schedule_of_the_code_is_not_removed(rota: Command, sqlite_system: System) -> None:
    before = rows(sqlite_system, SCHEDULES)
    answer = rota("tasks", "remove-schedule", "greet")
    assert (answer.code, "declared in code" in answer.err) == (1, True)
    for wrong in (("--cron", "0 25 * * *"), ("--every", "0s"), ()):
        assert rota("tasks", "add-schedule", "greet", "nightly", *wrong).code == 2
    assert rows(sqlite_system, SCHEDULES) == before


def test_a_backfill_is_looked_at_started_listed_and_cancelled(
    rota: Command, sqlite_system: System
) -> None:
    end = datetime.now(UTC)
    span = ("--from", (end - timedelta(hours=2)).isoformat(), "--to", end.isoformat())
    looked = rota("tasks", "backfill", "greet", *span, "--dry-run")
    assert looked.out.endswith("4 would run; nothing has been changed.\n")
    assert rows(sqlite_system, "SELECT backfill_id FROM backfills") == []
    answer = rota("tasks", "backfill", "greet", *span, "--concurrency", "2", "--json")
    made = json.loads(answer.out)
    assert (answer.code, made["runs"]) == (0, 4)
    listed = rota("tasks", "backfills", "greet").out.splitlines()[1]
    assert listed.startswith(made["backfill_id"])
    assert rota("tasks", "cancel-backfill", made["backfill_id"]).out.endswith(": 4 cancelled\n")


def test_a_backfill_that_cannot_be_is_refused(rota: Command, sqlite_system: System) -> None:
    now = datetime.now(UTC)
    for start, end in (
        (now - timedelta(days=9_999), now),
        (now, now - timedelta(hours=1)),
        (now, now + timedelta(days=1)),
    ):
        span = ("--from", start.isoformat(), "--to", end.isoformat())
        answer = rota("tasks", "backfill", "greet", *span)
        assert (answer.code, bool(answer.err)) == (2, True)
    assert rows(sqlite_system, "SELECT backfill_id FROM backfills") == []


def test_a_waiting_run_starts_at_another_time(rota: Command, sqlite_system: System) -> None:
    first, later = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2))
    run_id = rota("tasks", "trigger", "greet", "--at", first.isoformat()).out.split()[0]
    answer = rota("runs", "reschedule", run_id, "--at", later.isoformat())
    assert answer.code == 0
    record_all(sqlite_system)
    assert f"starts at {later:%Y-%m-%d %H:%M:%S} UTC" in str(
        reads.run(sqlite_system, run_id).reason
    )
    score = sqlite_system.redis.zscore("rq:scheduled:default", run_id)
    assert score == later.timestamp()
    answer = rota("runs", "reschedule", run_id, "--at", "2020-01-01T00:00:00Z")
    assert (answer.code, "a time after now" in answer.err) == (2, True)
