"""What tells how the whole stands: counts, pauses, whether the services answer, the version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Select, func, literal, or_, select, text

from app import keys
from app.connection import asking_redis
from app.errors import Unavailable
from app.reads.counted import DAY
from app.reads.live import Live
from app.reads.problems import Status
from app.reads.together import Fields
from app.records.database import reading
from app.records.dismissals import EVERY_TASK, MISSED
from app.records.pauses import EVERYTHING, QUEUE
from app.records.roll_ups import NEVER_EXECUTED
from app.records.schema import dismissals, pauses, runs
from app.records.types import Instant
from app.system import System

MOST_MISSED = 5_000
MOST_DISMISSED = 1_000


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

    Those that somebody has put aside are left out. `ran_since` tells whether it has run since.
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
    by_task = (
        select(
            newest.c.task_id,
            func.count().label("number"),
            func.min(newest.c.at).label("first"),
            last.label("last"),
        )
        .group_by(newest.c.task_id)
        .subquery("missed_by_task")
    )
    since = select(literal(1)).where(
        runs.c.task_id == by_task.c.task_id,
        runs.c.at >= by_task.c.last,
        runs.c.at <= now,
        runs.c.status.not_in(NEVER_EXECUTED),
    )
    return select(*by_task.c, since.exists().label("ran_since"))


def pauses_of_more_than_tasks() -> Select[Any]:
    """Return the read of the pauses of everything and of queues."""
    wide = or_(pauses.c.scope == EVERYTHING, pauses.c.scope.startswith(QUEUE, autoescape=True))
    return select(pauses).where(pauses.c.resumed_at.is_(None), wide)


def paused_scopes() -> Select[Any]:
    """Return the read of all that is paused: tasks, queues, everything."""
    return select(pauses.c.scope).where(pauses.c.resumed_at.is_(None))


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
