"""Lists of runs, newest first, at the same cost on every page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import tuple_

from app.errors import Invalid
from app.reads.cursors import checked_limit, decode, encode
from app.reads.run_found import newest_found
from app.reads.run_rows import masked, run_view
from app.reads.run_search import STATUSES, TRIGGERS, Search, parse
from app.records.database import reading
from app.records.schema import runs as table
from app.system import System
from app.views import Page, RunView

MOST_EXPORTED = 10_000


def runs(
    system: System,
    *,
    task_id: str | None = None,
    status: str | None = None,
    trigger: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    q: str | None = None,
    now: datetime | None = None,
    zone: ZoneInfo | None = None,
) -> Page[RunView]:
    """Return one page of runs that match; `q` is a search with days and times in `zone`.

    Raises Invalid, Unavailable.
    """
    search = _search(system, task_id, status, trigger, q, now, zone)
    if cursor is not None:
        place = tuple_(table.c.at, table.c.run_id) < tuple_(*decode(cursor))
        search = replace(search, narrow=(*search.narrow, place))
    with reading(system.database) as connection:
        rows = newest_found(connection, search, checked_limit(limit) + 1)
    page = rows[:limit]
    more = len(rows) > limit
    return Page(
        tuple(masked(run_view(row)) for row in page),
        encode(page[-1].at, page[-1].run_id) if more else None,
    )


def exported_runs(
    system: System,
    *,
    task_id: str | None = None,
    status: str | None = None,
    trigger: str | None = None,
    q: str | None = None,
    now: datetime | None = None,
    zone: ZoneInfo | None = None,
) -> list[RunView]:
    """Return what `runs` finds on all its pages together, the newest 10,000 at most."""
    search = _search(system, task_id, status, trigger, q, now, zone)
    with reading(system.database) as connection:
        return [masked(run_view(row)) for row in newest_found(connection, search, MOST_EXPORTED)]


def _search(
    system: System,
    task_id: str | None,
    status: str | None,
    trigger: str | None,
    q: str | None,
    now: datetime | None,
    zone: ZoneInfo | None,
) -> Search:
    of_days = zone or ZoneInfo(system.settings.timezone)
    search = parse(q, now or datetime.now(UTC), of_days) if q else Search()
    more = []
    if task_id:
        more.append(table.c.task_id == task_id)
    if status:
        _check("status", status, STATUSES)
        more.append(table.c.status == status)
    if trigger:
        _check("trigger", trigger, TRIGGERS)
        more.append(table.c.trigger == trigger)
    return replace(search, narrow=(*more, *search.narrow))


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Invalid(f"{name}={value[:40]} is not known.", {name: f"one of {', '.join(allowed)}"})
