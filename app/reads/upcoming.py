"""The next fire times, by the same code that fires."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from app.errors import Invalid
from app.reads.decided import Decided, decided
from app.schedules import Cron, Interval, Wanted, wanted_schedule
from app.schedules import zone as zone_of
from app.system import System
from app.views import FireTime, FireTimes

MOST = 100
FOREVER = datetime.max.replace(tzinfo=UTC)
# A schedule, and how many runs it may still start where that is limited.
Coming = tuple[Cron | Interval, int | None]


def fire_times(
    system: System,
    task_id: str,
    n: int = 10,
    after: datetime | None = None,
    now: datetime | None = None,
    **wanted: Unpack[Wanted],
) -> FireTimes:
    """Return a task's next `n` fire times, or those of a schedule that is being tried out.

    Times are in the schedule's own zone. Raises Unknown, Invalid, Unavailable.
    """
    system.catalogue.task(task_id)
    if not 1 <= n <= MOST:
        raise Invalid(f"n={n} is not allowed.", {"n": f"1 to {MOST}"})
    start = after or now or datetime.now(UTC)
    if any(wanted.values()):
        tried = wanted_schedule(system.settings.timezone, **wanted)
        return times_of([(tried, tried.max_runs)], n, start)
    return times_of(coming_of(decided(system, start, task_id), task_id), n, start)


def coming_of(found: Decided, task_id: str) -> list[Coming]:
    """Return a task's schedules, each with how many runs it may still start."""
    rows = found.schedules.get(task_id, ())
    return [(definition.schedule, found.left.get(name)) for name, definition, _ in rows]


def times_of(schedules: Sequence[Coming], n: int, start: datetime) -> FireTimes:
    """Return the next `n` fire times of some schedules together, and what they say."""
    if not schedules:
        return FireTimes((), "Runs only by hand")
    merged = sorted(
        {
            t: schedule
            for schedule, left in schedules
            for t in schedule.between(start, FOREVER, limit=n if left is None else min(n, left))
        }.items(),
        key=lambda pair: pair[0],
    )
    times = tuple(fire_time(schedule, t) for t, schedule in merged[:n])
    return FireTimes(times, "; ".join(schedule.describe() for schedule, _ in schedules))


def fire_time(schedule: Cron | Interval, instant: datetime) -> FireTime:
    """Return a fire time in the schedule's own zone, with a note where clocks change."""
    zone = zone_of(schedule.timezone or "UTC")
    return FireTime(instant.astimezone(zone), schedule.note(instant))
