"""Lists of runs, newest first, at the same cost on every page."""

from __future__ import annotations

from sqlalchemy import Select, select, tuple_

from app.errors import Invalid
from app.reads.cursors import checked_limit, decode, encode
from app.reads.run_rows import LISTED, run_view
from app.records.database import reading
from app.records.schema import runs as table
from app.system import System
from app.views import ENDED, Page, RunView

STATUSES = (*sorted(ENDED), "scheduled", "queued", "running")
TRIGGERS = ("schedule", "manual", "api", "cli", "backfill", "dependency")


def runs(
    system: System,
    *,
    task_id: str | None = None,
    status: str | None = None,
    trigger: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[RunView]:
    """Return one page of runs that match. Raises Invalid, Unavailable."""
    statement = _matching(task_id, status, trigger)
    if cursor is not None:
        at, run_id = decode(cursor)
        statement = statement.where(tuple_(table.c.at, table.c.run_id) < tuple_(at, run_id))
    ordered = statement.order_by(table.c.at.desc(), table.c.run_id.desc())
    with reading(system.database) as connection:
        rows = connection.execute(ordered.limit(checked_limit(limit) + 1)).all()
    page = rows[:limit]
    more = len(rows) > limit
    return Page(
        tuple(run_view(row) for row in page),
        encode(page[-1].at, page[-1].run_id) if more else None,
    )


def _matching(
    task_id: str | None, status: str | None, trigger: str | None
) -> Select[tuple[object]]:
    statement: Select[tuple[object]] = select(*LISTED)
    if task_id:
        statement = statement.where(table.c.task_id == task_id)
    if status:
        _check("status", status, STATUSES)
        statement = statement.where(table.c.status == status)
    if trigger:
        _check("trigger", trigger, TRIGGERS)
        statement = statement.where(table.c.trigger == trigger)
    return statement


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Invalid(f"{name}={value[:40]} is not known.", {name: f"one of {', '.join(allowed)}"})
