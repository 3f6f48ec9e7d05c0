"""Failures, and missed fire times, that somebody has put aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from app.records.history import insert
from app.records.schema import dismissals

# The one that is of no task: fire times that were missed, whichever task's they were.
EVERY_TASK = "*"
MISSED = "missed"


def dismissal(connection: Connection, task_id: str, cause: str) -> Row[Any] | None:
    """Return how a cause was put aside, None where it was not."""
    ours = dismissals.c.task_id == task_id, dismissals.c.cause == cause
    return connection.execute(select(dismissals).where(*ours)).first()


def set_dismissal(
    connection: Connection,
    task_id: str,
    cause: str,
    by: str,
    at: datetime,
    reason: str,
    run_id: str | None,
) -> None:
    """Put a cause aside; `run_id` is its newest failure so far."""
    values = {"by": by, "at": at, "reason": reason, "run_id": run_id}
    statement = insert(connection, dismissals).values(task_id=task_id, cause=cause, **values)
    keys = [dismissals.c.task_id, dismissals.c.cause]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


def end_dismissal(connection: Connection, task_id: str, cause: str) -> None:
    """Let a cause be shown again."""
    ours = dismissals.c.task_id == task_id, dismissals.c.cause == cause
    connection.execute(delete(dismissals).where(*ours))
