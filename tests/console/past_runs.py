"""Runs that happened, written straight into the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from app.records.database import writing
from app.records.run_texts import index_runs
from app.records.schema import run_logs, runs
from app.system import System

FAULT = {
    "type": "jobs.services.SheetsError",
    "message": "429 Quota exceeded",
    "traceback": "Traceback (most recent call last):\n  …\nSheetsError: 429 Quota exceeded",
    "fingerprint": "f00d",
}


def past_run(
    system: System, task_id: str = "greet", *, minutes_ago: float = 5, **columns: Any
) -> str:
    """Write a run that fired and succeeded so many minutes ago; return its id."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes_ago)
    run_id = str(columns.pop("run_id", f"{task_id}--{int(at.timestamp())}"))
    values: dict[str, Any] = {
        "run_id": run_id,
        "task_id": task_id,
        "schedule_id": task_id,
        "trigger": "schedule",
        "status": "succeeded",
        "queue": "default",
        "at": at,
        "fire_time": at,
        "queued_at": at,
        "started_at": at + timedelta(seconds=1),
        "ended_at": at + timedelta(seconds=4),
        "attempt": 1,
        "revision": 5,
        "worker": "host.1",
    }
    with writing(system.database) as connection:
        connection.execute(insert(runs).values(values | columns))
        index_runs(connection, [run_id])
    return run_id


def past_log(system: System, run_id: str, *messages: str) -> None:
    """Write the kept log of a run that ended."""
    at = datetime.now(UTC).isoformat()
    lines = [{"at": at, "level": "INFO", "logger": "test", "message": text} for text in messages]
    with writing(system.database) as connection:
        connection.execute(insert(run_logs).values(run_id=run_id, lines=lines))
