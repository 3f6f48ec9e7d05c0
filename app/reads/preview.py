"""A schedule that is being tried out, by the engine's own code, beside the present one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from redis.exceptions import RedisError
from sqlalchemy import Row, select

from app import keys
from app.definitions import canonical, parsed
from app.errors import Unknown
from app.reads.decided import plain_view
from app.reads.shapes import Preview
from app.reads.upcoming import fire_time, times_of
from app.records.database import reading
from app.records.schema import schedules
from app.schedules import Cron, Interval, Wanted, wanted_schedule
from app.system import System

WEEK = timedelta(days=7)
# A schedule may fire every second; beyond this only the beginning of the week is compared.
MOST = 5_000
SHOWN = 20
# Whoever shares a minute with so many has read enough names.
MOST_NAMED = 50
COMING = 10


def preview(
    system: System,
    schedule_id: str | None,
    now: datetime,
    **wanted: Unpack[Wanted],
) -> Preview:
    """Say when a schedule would fire, and what that changes in the next 7 days.

    Without `cron` and `every` it is the present schedule; with `schedule_id` None a new one.
    Raises Unknown, Invalid, Unavailable.
    """
    row = _row(system, schedule_id)
    present = parsed(canonical(row.definition)).schedule if row is not None else None
    left = _left(present, row)
    before = _week(present, left, now) if present is not None else []
    if present is not None and not any(wanted.values()):
        tried = present
    else:
        tried = wanted_schedule(system.settings.timezone, **wanted)
        left = tried.max_runs
    after = _week(tried, left, now)
    times = times_of([(tried, left)], COMING, now).fire_times
    return Preview(
        schedule=plain_view(schedule_id or "", tried, after[0] if after else None),
        fire_times=times,
        present_a_week=len(before),
        tried_a_week=len(after),
        added=_only(after, before, tried),
        removed=_only(before, after, present or tried),
        same_minute=_same_minute(system, schedule_id, [time.at for time in times]),
        revision=row.revision if row is not None else None,
        differs=present is not None and tried != present,
    )


def _row(system: System, schedule_id: str | None) -> Row[Any, Any, Any] | None:
    if schedule_id is None:
        return None
    held = select(schedules.c.definition, schedules.c.revision, schedules.c.fired).where(
        schedules.c.schedule_id == schedule_id, schedules.c.retired_at.is_(None)
    )
    with reading(system.database) as connection:
        row = connection.execute(held).first()
    if row is None:
        raise Unknown("schedule", schedule_id)
    return row


def _left(present: Cron | Interval | None, row: Row[Any, Any, Any] | None) -> int | None:
    """Return how many runs it may still start, None where that is not limited."""
    if present is None or row is None or present.max_runs is None:
        return None
    return max(present.max_runs - int(row.fired), 0)


def _week(schedule: Cron | Interval, left: int | None, now: datetime) -> list[datetime]:
    most = MOST if left is None else min(MOST, left)
    return schedule.between(now, now + WEEK, limit=most)


def _only(
    these: Sequence[datetime], others: Sequence[datetime], schedule: Cron | Interval
) -> tuple[datetime, ...]:
    known = set(others)
    found = [time for time in these if time not in known][:SHOWN]
    return tuple(fire_time(schedule, time).at for time in found)


def _same_minute(
    system: System, schedule_id: str | None, times: Sequence[datetime]
) -> tuple[str, ...]:
    """Name the other schedules whose next fire time is in the same minute as one of these."""
    pipeline = system.redis.pipeline(transaction=False)
    for minute in sorted({int(time.timestamp()) // 60 * 60 for time in times}):
        pipeline.zrangebyscore(keys.SCHEDULE, minute, f"({minute + 60}", start=0, num=MOST_NAMED)
    try:
        answers = pipeline.execute(raise_on_error=False)
    except (RedisError, OSError):
        return ()
    names = {name.decode("utf-8", "replace") for each in answers if isinstance(each, list)
             for name in each}  # fmt: skip
    return tuple(sorted(names - {schedule_id})[:MOST_NAMED])
