"""Run a task in this process, without Redis: for trying out, system cron, Windows."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

from app.context import CurrentRun
from app.errors import Conflict
from app.events import Event
from app.leases import lease
from app.logs import line_of
from app.outcomes import Outcome
from app.perform import perform
from app.records.database import writing
from app.records.history import begin, record, record_logs
from app.run_jobs import milliseconds
from app.run_log import MOST_LINES
from app.system import System
from app.tasks import Task

log = logging.getLogger("rota.run")


class _Kept(logging.Handler):
    """Keeps a run's lines for its record."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, str]] = []
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.lines) < MOST_LINES:
            self.lines.append(line_of(record))
        else:
            self.dropped += 1


def run_here(
    system: System,
    task: Task[Any, Any],
    arguments: Mapping[str, Any],
    run_id: str,
    by: str,
    *,
    fire_time: datetime | None = None,
    lock: bool = False,
) -> Outcome:
    """Run `task` now and record it in SQL. Time-outs do not apply; Ctrl-C ends it as failed.

    Raises Invalid for wrong arguments, Conflict where `lock` finds it running elsewhere or the
    fire time has its run, and
    Unavailable when the database is away; nothing has run then.
    """
    checked = task.parameters.validate(arguments)
    guard = lease(system.database, f"task {task.id}", task.timeout_seconds) if lock else None
    with guard or nullcontext():
        start = datetime.now(UTC)
        static = {
            "task_id": task.id,
            "schedule_id": task.id if fire_time else None,
            "trigger": "schedule" if fire_time else "cli",
            "triggered_by": by,
            "at": milliseconds(fire_time or start),
            "fire_time": milliseconds(fire_time) if fire_time else None,
            "arguments": checked,
        }
        started = {
            "started_at": milliseconds(start),
            "queued_at": milliseconds(start),
            "worker": f"by hand ({by})",
        }
        _begin(system, Event("", run_id, "running", 1, 1, start, static, started))
        kept = _Kept()
        logging.getLogger().addHandler(kept)
        try:
            outcome = perform(task, checked, _run(task, run_id, fire_time, start))
        finally:
            logging.getLogger().removeHandler(kept)
        _record_end(system, run_id, static, outcome, kept)
    return outcome


def _run(
    task: Task[Any, Any], run_id: str, fire_time: datetime | None, start: datetime
) -> CurrentRun:
    deadline = start + timedelta(seconds=task.timeout_seconds)
    return CurrentRun(run_id, task.id, 1, fire_time, deadline, _say=_show_progress)


def _show_progress(kind: str, what: Any) -> None:
    if kind == "progress" and sys.stderr.isatty():
        total = f" of {what['total']}" if what["total"] is not None else ""
        print(f"\r{what['done']}{total} {what['message']}\x1b[K", end="", file=sys.stderr)


def _record_end(
    system: System, run_id: str, static: dict[str, Any], outcome: Outcome, kept: _Kept
) -> None:
    now = datetime.now(UTC)
    data: dict[str, Any] = {
        "ended_at": milliseconds(now),
        "outcome": outcome.kind,
        "result": outcome.result,
    }
    if outcome.error:
        data["error"] = dict(outcome.error)
    if outcome.reason:
        data["reason"] = outcome.reason
    with writing(system.database) as connection:
        record(connection, [Event("", run_id, outcome.kind, 2, 1, now, static, data)])
        if kept.lines:
            record_logs(connection, {run_id: (kept.lines, kept.dropped)})


def _begin(system: System, event: Event) -> None:
    """Record the start; of two hosts with the same fire time one finds it begun."""
    with writing(system.database) as connection:
        if not begin(connection, event):
            raise Conflict(f"{event.run_id} has run already.")
