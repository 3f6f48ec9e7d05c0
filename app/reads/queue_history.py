"""A queue's past day hour by hour: throughput, failures, waits, and how much stood in it."""

from __future__ import annotations

from collections.abc import Sequence
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
    hours = tuple(_hour(rows, start + number * HOUR, now) for number in range(HOURS))
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


def _hour(rows: Sequence[Fields], start: datetime, now: datetime) -> QueueHour:
    end = start + HOUR
    ended = [row for row in rows if row.ended_at is not None and start <= row.ended_at < end]
    waits = sorted(
        max(0.0, (row.started_at - row.queued_at).total_seconds())
        for row in rows
        if row.started_at is not None and start <= row.started_at < end
    )
    seen_at = min(end, now)
    standing = [row.queued_at for row in rows if _stood(row, seen_at)]
    return QueueHour(
        start=start,
        ended=len(ended),
        failed=sum(row.status in BAD_ENDS for row in ended),
        wait_p50=percentile(waits, 50),
        wait_p95=percentile(waits, 95),
        depth=len(standing),
        oldest_age_seconds=(seen_at - min(standing)).total_seconds() if standing else None,
    )


def _stood(row: Fields, instant: datetime) -> bool:
    """Tell whether a run waited in the queue at that instant."""
    left = row.started_at or row.ended_at
    return bool(row.queued_at <= instant and (left is None or left > instant))
