"""How the whole stands: processes, queues, the last 24 hours, and what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Select, func, or_, select, text

from app import keys
from app.connection import asking_redis
from app.errors import Unavailable
from app.reads.live import Live
from app.reads.problems import LastRun, Status, problems_of, status_of
from app.reads.task_views import tasks_and_more
from app.reads.together import Fields
from app.records.database import reading
from app.records.dismissals import EVERY_TASK, MISSED
from app.records.pauses import EVERYTHING, QUEUE
from app.records.schema import dismissals, pauses, runs
from app.records.types import Instant
from app.system import System
from app.views import Overview, TaskView

DAY = timedelta(hours=24)
MOST_MISSED = 5_000
MOST_DISMISSED = 1_000


def overview(system: System, now: datetime) -> Overview:
    """Return how the whole stands; with Redis away it says so. Raises Unavailable for SQL."""
    _, whole = tasks_with_overview(system, now, strip=10)
    return whole


def tasks_with_overview(
    system: System, now: datetime, strip: int = 60
) -> tuple[list[TaskView], Overview]:
    """Return all tasks and how the whole stands: one query, one Redis round trip."""
    views, live, lately = tasks_and_more(system, now, strip, *of_the_whole(now))
    return views, overview_of(views, live, lately, now)


def of_the_whole(now: datetime) -> tuple[Select[Any], ...]:
    """Return the reads that `overview_of` takes the rows of."""
    return counts_lately(now), *what_is_wrong(now)


def overview_of(
    views: list[TaskView], live: Live, lately: Sequence[list[Fields]], now: datetime
) -> Overview:
    """Lay together what was read of the whole, by `of_the_whole`."""
    counts = _counts(lately[0])
    whole = status_from(live, lately[1:])
    last = [LastRun(v.id, v.name, v.last_run) for v in views if v.last_run is not None]
    problems = problems_of(whole, last, now)
    return Overview(
        status=status_of(live, problems),
        scheduler=_scheduler(live, views),
        workers=_workers(live),
        queues=whole.queues,
        tasks=_task_counts(views),
        runs_24h=counts,
        problems=problems,
        pause=whole.everything,
    )


def counts_lately(now: datetime) -> Select[Any]:
    """Return the read of the last 24 hours' runs by status."""
    come = runs.c.at > now - DAY, runs.c.at <= now + timedelta(seconds=60)
    return select(runs.c.status, func.count().label("number")).where(*come).group_by(runs.c.status)


def what_is_wrong(now: datetime) -> tuple[Select[Any], ...]:
    """Return the reads that `status_from` takes the rows of."""
    seen = select(dismissals.c.run_id).where(dismissals.c.run_id.is_not(None))
    return pauses_of_more_than_tasks(), missed_lately(now), seen.limit(MOST_DISMISSED)


def status_from(live: Live, rows: Sequence[list[Fields]]) -> Status:
    """Lay together what `what_is_wrong` read."""
    paused, missed, seen = rows
    return Status(live, paused, missed, frozenset(row.run_id for row in seen))


def missed_lately(now: datetime) -> Select[Any]:
    """Return the read of the fire times that each task missed in the last 24 hours.

    Those that somebody has put aside are left out.
    """
    aside = dismissals.c.task_id == EVERY_TASK, dismissals.c.cause == MISSED
    seen = select(func.count()).where(*aside, dismissals.c.at >= runs.c.at).scalar_subquery()
    missed = runs.c.status == "missed", runs.c.at > now - DAY, runs.c.at <= now
    newest = (
        select(runs.c.task_id, runs.c.at, runs.c.ended_at)
        .where(*missed, seen == 0)
        .order_by(runs.c.at.desc())
        .limit(MOST_MISSED)
        .subquery("newest_missed")
    )
    # One row may stand for many fire times; its end is the last of them.
    last = func.max(func.coalesce(newest.c.ended_at, newest.c.at), type_=Instant)
    return select(
        newest.c.task_id,
        func.count().label("number"),
        func.min(newest.c.at).label("first"),
        last.label("last"),
    ).group_by(newest.c.task_id)


def pauses_of_more_than_tasks() -> Select[Any]:
    """Return the read of the pauses of everything and of queues."""
    wide = or_(pauses.c.scope == EVERYTHING, pauses.c.scope.startswith(QUEUE, autoescape=True))
    return select(pauses).where(pauses.c.resumed_at.is_(None), wide)


def ready(system: System) -> dict[str, str]:
    """Say of Redis and the database whether they answer: `ok`, or why not."""
    answers = {"redis": "ok", "database": "ok"}
    try:
        system.redis.ping()
    except (RedisError, OSError) as error:
        answers["redis"] = str(error)
    try:
        with reading(system.database) as connection:
            connection.execute(text("SELECT 1"))
    except Unavailable as error:
        answers["database"] = str(error)
    return answers


def version(system: System) -> str:
    """Return a text that changes whenever anything on a screen may have changed.

    One round trip. Raises Unavailable when Redis is away.
    """
    with asking_redis():
        parts: Any = system.redis.mget(keys.INCARNATION, keys.CHANGES)
    return ".".join((part or b"0").decode() for part in parts)


def _counts(rows: Sequence[Fields]) -> dict[str, int]:
    found = {row.status: int(row.number) for row in rows}
    return {"total": sum(found.values()), "succeeded": 0, "failed": 0, **found}


def _scheduler(live: Live, views: list[TaskView]) -> dict[str, Any]:
    leader = next((one for one in live.schedulers if one.leads), None)
    coming = [view.next_run_at for view in views if view.next_run_at is not None]
    return {
        "leader": leader.name if leader else None,
        "processes": len(live.schedulers),
        "seen_at": leader.seen_at if leader else None,
        "next_fire_at": min(coming, default=None),
    }


def _workers(live: Live) -> dict[str, int]:
    busy = sum(worker.state == "busy" for worker in live.workers)
    return {"total": len(live.workers), "busy": busy, "idle": len(live.workers) - busy}


def _task_counts(views: list[TaskView]) -> dict[str, int]:
    counted = Counter(view.state for view in views)
    states = {name: counted[name] for name in ("active", "paused", "finished")}
    return {"total": len(views), **states}
