"""A schedule that is being tried out, by the engine's own code, beside the present one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Unpack

from app.errors import Unknown
from app.reads.decided import Decided, decided, plain_view
from app.reads.shapes import Preview
from app.reads.upcoming import fire_time, times_of
from app.schedules import Cron, Interval, Wanted, wanted_schedule
from app.system import System

WEEK = timedelta(days=7)
# A schedule may fire every second; beyond this only the beginning of the week is compared.
MOST = 5_000
SHOWN = 20
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
    found = decided(system, now)
    present = _present(found, schedule_id)
    left = found.left.get(schedule_id or "")
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
        same_minute=_same_minute(found, schedule_id, [time.at for time in times]),
        revision=found.revisions.get(schedule_id or ""),
        differs=present is not None and tried != present,
    )


def _present(found: Decided, schedule_id: str | None) -> Cron | Interval | None:
    if schedule_id is None:
        return None
    for rows in found.schedules.values():
        for name, definition, _ in rows:
            if name == schedule_id:
                return definition.schedule
    raise Unknown("schedule", schedule_id)


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
    found: Decided, schedule_id: str | None, times: Sequence[datetime]
) -> tuple[str, ...]:
    """Name the other schedules that fire in the same minute as one of these times."""
    minutes = {time.timestamp() // 60 for time in times}
    named = []
    for rows in found.schedules.values():
        for name, definition, _ in rows:
            if name != schedule_id and _meets(definition.schedule, minutes):
                named.append(name)
    return tuple(sorted(named))


def _meets(schedule: Cron | Interval, minutes: set[float]) -> bool:
    # What fires every few minutes meets everything, which tells nobody anything.
    if isinstance(schedule, Interval) and schedule.every_seconds < 600:
        return False
    for minute in minutes:
        start = datetime.fromtimestamp(minute * 60 - 1, tz=UTC)
        following = schedule.next(start)
        if following is not None and following.timestamp() // 60 == minute:
            return True
    return False
