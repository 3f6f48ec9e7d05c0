"""Who did what, newest first; filters are all joined by and."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from app.errors import Invalid
from app.masking import mask
from app.reads.cursors import checked_limit, decode_number, encode
from app.records.database import reading
from app.records.schema import audit as table
from app.storable import storable_text
from app.system import System
from app.views import Json, Page


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: datetime
    actor: str
    role: str
    via: str
    address: str | None
    verb: str
    target: str
    outcome: str
    before: Json = None
    after: Json = None


MOST_EXPORTED = 10_000
OUTCOMES = ("accepted", "refused")
VIA = ("console", "api", "cli", "scheduler")


@dataclass(frozen=True)
class AuditFilter:
    """What is looked for: who did what, to which task or run, when, and from where."""

    actor: str | None = None
    verb: str | None = None
    task_id: str | None = None
    run_id: str | None = None
    via: str | None = None
    address: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = AuditFilter()


def audit(
    system: System,
    limit: int = 50,
    cursor: str | None = None,
    wanted: AuditFilter = EVERYTHING,
) -> Page[AuditRow]:
    """Return one page of the audit. Raises Invalid, Unavailable."""
    statement = _matching(wanted)
    if cursor is not None:
        statement = statement.where(table.c.id < decode_number(cursor))
    with reading(system.database) as connection:
        rows = connection.execute(statement.limit(checked_limit(limit) + 1)).all()
    page = rows[:limit]
    return Page(
        tuple(_view(row) for row in page),
        encode(page[-1].at, str(page[-1].id)) if len(rows) > limit else None,
    )


def exported_audit(system: System, wanted: AuditFilter = EVERYTHING) -> list[AuditRow]:
    """Return what `audit` finds on all its pages together, the newest 10,000 at most."""
    with reading(system.database) as connection:
        return [_view(row) for row in connection.execute(_matching(wanted).limit(MOST_EXPORTED))]


def _matching(wanted: AuditFilter) -> Select[Any]:
    _demand_one_of("outcome", wanted.outcome, OUTCOMES)
    _demand_one_of("via", wanted.via, VIA)
    statement = select(table).order_by(table.c.id.desc())
    for name in ("actor", "verb", "via", "address", "outcome"):
        if value := getattr(wanted, name):
            statement = statement.where(table.c[name] == storable_text(value))
    if wanted.run_id:
        statement = statement.where(table.c.target == storable_text(wanted.run_id))
    if wanted.task_id:
        task = storable_text(wanted.task_id)
        # What concerns a task names the task, one of its schedules, or one of its runs.
        below = table.c.target.startswith(f"{task}-", autoescape=True)
        statement = statement.where(or_(table.c.target == task, below))
    if wanted.since:
        statement = statement.where(table.c.at >= wanted.since)
    if wanted.until:
        statement = statement.where(table.c.at < wanted.until)
    return statement


def _demand_one_of(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value and value not in allowed:
        raise Invalid(f"{name}={value[:40]} is not known.", {name: f"one of {', '.join(allowed)}"})


def _view(row: Any) -> AuditRow:
    found = {name: getattr(row, name) for name in AuditRow.__dataclass_fields__}
    return AuditRow(**found | {"before": mask(row.before), "after": mask(row.after)})
