"""A queue's past day hour by hour: throughput, failures, waits, and how much stood in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from app.errors import Unknown
from app.reads.deploys import deploys_since
from app.reads.frame import frame_and_more
from app.reads.live import ask_redis
from app.reads.percentiles import percentile
from app.reads.problems import BAD_ENDS
from app.reads.shapes import FrameView, QueueHistory, QueueHour
from app.reads.together import Fields
from app.records.schema import runs
from app.system import System
from app.views import QueueView

HOURS = 24
HOUR = timedelta(hours=1)
# The newest runs of all queues in the window that are looked at, and of this one that are read.
MOST_SEEN = 50_000
MOST = 5_000


def queue_history(
    system: System, name: str, now: datetime
) -> tuple[QueueView | None, QueueHistory, FrameView]:
    """Return a queue as it stands and its past 24 hours: one query, one Redis round trip.

    The queue is None while Redis is away. Raises Unknown, Unavailable.
    """
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    start = end - HOURS * HOUR
    live = ask_redis(system, now)
    around, whole, (rows, released) = frame_and_more(
        system, now, live, _runs_of(name, start, now), deploys_since(start)
    )
    queue = next((one for one in whole.queues if one.name == name), None)
    known = {*system.settings.queues, *(task.queue for task in system.catalogue.tasks.values())}
    if queue is None and name not in known and not rows:
        raise Unknown("queue", name)
    hours = _hours(rows, start, now)
    deploys = tuple(row.at for row in released)
    return queue, QueueHistory(name, hours, deploys, capped=len(rows) == MOST), around


def _runs_of(name: str, start: datetime, now: datetime) -> Select[Any]:
    """Return the read of a queue's newest runs in the window, by the index on time."""
    columns = [
        runs.c[each] for each in ("at", "queue", "status", "queued_at", "started_at", "ended_at")
    ]
    seen = (
        select(*columns)
        .where(runs.c.at >= start, runs.c.at <= now)
        .order_by(runs.c.at.desc(), runs.c.run_id.desc())
        .limit(MOST_SEEN)
        .subquery("seen")
    )
    of_it = select(*seen.c).where(seen.c.queue == name, seen.c.queued_at.is_not(None))
    return of_it.order_by(seen.c.at.desc()).limit(MOST)


def _hours(rows: Sequence[Fields], start: datetime, now: datetime) -> tuple[QueueHour, ...]:
    """Sort each run into the hours it belongs to: busy queues have thousands of them."""
    hours = [_Hour(min(start + (number + 1) * HOUR, now)) for number in range(HOURS)]
    seen = [hour.seen_at for hour in hours]
    for row in rows:
        if row.ended_at is not None and (ended := _hour_of(row.ended_at, start, hours)):
            ended.ended += 1
            ended.failed += row.status in BAD_ENDS
        if row.started_at is not None and (begun := _hour_of(row.started_at, start, hours)):
            begun.waits.append(max(0.0, (row.started_at - row.queued_at).total_seconds()))
        left = row.started_at or row.ended_at
        until = HOURS if left is None else bisect_left(seen, left)
        for hour in hours[bisect_left(seen, row.queued_at) : until]:
            hour.standing.append(row.queued_at)
    return tuple(hour.view(start + number * HOUR) for number, hour in enumerate(hours))


def _hour_of(instant: datetime, start: datetime, hours: Sequence[_Hour]) -> _Hour | None:
    number = (instant - start) // HOUR
    return hours[number] if 0 <= number < HOURS else None


@dataclass
class _Hour:
    """What happened in an hour, and what stood in the queue at its end."""

    seen_at: datetime
    ended: int = 0
    failed: int = 0
    waits: list[float] = field(default_factory=list)
    standing: list[datetime] = field(default_factory=list)

    def view(self, start: datetime) -> QueueHour:
        waits = sorted(self.waits)
        oldest = min(self.standing, default=None)
        return QueueHour(
            start=start,
            ended=self.ended,
            failed=self.failed,
            wait_p50=percentile(waits, 50),
            wait_p95=percentile(waits, 95),
            depth=len(self.standing),
            oldest_age_seconds=(self.seen_at - oldest).total_seconds() if oldest else None,
        )
