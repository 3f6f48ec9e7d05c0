"""How many runs there were, from the counts by quarter of an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, case, func, select, union_all

from app.records.roll_ups import EVERY_TASK, SLOT_SECONDS
from app.records.schema import run_counts, runs
from app.views import ENDED

DAY = timedelta(hours=24)
SLOT = timedelta(seconds=SLOT_SECONDS)
HOUR = 3600


def counts_lately(now: datetime) -> Select[Any]:
    """Return the read of the last 24 hours' runs by status."""
    start = now - DAY
    first_whole = slot_of(start) + 1
    edge = datetime.fromtimestamp(first_whole * SLOT_SECONDS, UTC)
    # With the states named, each is a range of the index by state, and no row is looked at.
    known = runs.c.status.in_([*sorted(ENDED), "scheduled", "queued", "running"])
    begun = select(runs.c.status, func.count().label("number")).where(
        known, runs.c.at > start, runs.c.at < edge
    )
    last = slot_of(now + timedelta(seconds=60))
    whole = select(run_counts.c.status, run_counts.c.number).where(
        run_counts.c.task_id == EVERY_TASK, run_counts.c.slot.between(first_whole, last)
    )
    both = union_all(begun.group_by(runs.c.status), whole).subquery("both")
    number = func.sum(both.c.number).label("number")
    return select(both.c.status, number).group_by(both.c.status)


def counts_by_hour(task_id: str, start: datetime, end: datetime, offset: int) -> Select[Any]:
    """Return the read of a task's (`*`: all) runs by status and hour.

    Hours are numbered since 1970, `offset` seconds early: as they begin in a zone of that offset.
    """
    hour = ((run_counts.c.slot + offset // SLOT_SECONDS) * SLOT_SECONDS).op("/")(HOUR)
    found = _within([task_id], start, end)
    number = func.sum(run_counts.c.number).label("number")
    return (
        found.with_only_columns(run_counts.c.status, hour.label("hour"), number)
        .group_by(run_counts.c.status, hour)
        .order_by(hour)
    )


def counts_by_day(task_ids: Sequence[str], days: Sequence[datetime]) -> Select[Any]:
    """Return the read of these tasks' runs by status and day, `days` being where days begin.

    The last of them ends the days; `day` is a place in the others.
    """
    slots = [slot_of(day) for day in days]
    places = [(run_counts.c.slot < end, place) for place, (_, end) in enumerate(pairwise(slots))]
    day = case(*places, else_=len(places))
    number = func.sum(run_counts.c.number).label("number")
    columns = run_counts.c.task_id, run_counts.c.status, day.label("day"), number
    found = _within(task_ids, days[0], days[-1] - SLOT).with_only_columns(*columns)
    return found.group_by(run_counts.c.task_id, run_counts.c.status, day)


def slot_of(instant: datetime) -> int:
    """Return the number of an instant's quarter of an hour since 1970."""
    return int(instant.timestamp() // SLOT_SECONDS)


def _within(task_ids: Sequence[str], start: datetime, end: datetime) -> Select[Any]:
    theirs = run_counts.c.task_id.in_(task_ids)
    return select(run_counts).where(theirs, run_counts.c.slot.between(slot_of(start), slot_of(end)))
