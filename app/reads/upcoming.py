"""The next fire times, by the same code that fires."""

from __future__ import annotations

from datetime import UTC, datetime

from app.errors import Invalid
from app.reads.decided import decided
from app.schedules import Cron, Interval, ScheduleError, parse_schedule
from app.schedules import every as every_schedule
from app.schedules import zone as zone_of
from app.system import System
from app.views import FireTime, FireTimes

MOST = 100


def fire_times(
    system: System,
    task_id: str,
    n: int = 10,
    after: datetime | None = None,
    cron: str | None = None,
    every: str | None = None,
    timezone: str | None = None,
    now: datetime | None = None,
) -> FireTimes:
    """Return a task's next `n` fire times, or those of a schedule that is being tried out.

    Times are in the schedule's own zone. Raises Unknown, Invalid, Unavailable.
    """
    system.catalogue.task(task_id)
    if not 1 <= n <= MOST:
        raise Invalid(f"n={n} is not allowed.", {"n": f"1 to {MOST}"})
    start = after or now or datetime.now(UTC)
    if cron or every or timezone:
        return times_of([tried(cron, every, timezone, system.settings.timezone)], n, start)
    rows = decided(system, start).schedules.get(task_id, ())
    return times_of([definition.schedule for _, definition, _ in rows], n, start)


def times_of(schedules: list[Cron | Interval], n: int, start: datetime) -> FireTimes:
    """Return the next `n` fire times of some schedules together, and what they say."""
    if not schedules:
        return FireTimes((), "Runs only by hand")
    merged = sorted(
        {t: schedule for schedule in schedules for t in _following(schedule, start, n)}.items(),
        key=lambda pair: pair[0],
    )
    times = tuple(fire_time(schedule, t) for t, schedule in merged[:n])
    return FireTimes(times, "; ".join(schedule.describe() for schedule in schedules))


def tried(
    cron: str | None, every_: str | None, timezone: str | None, default: str
) -> Cron | Interval:
    """Return the schedule that somebody wrote. Raises Invalid."""
    if bool(cron) == bool(every_):
        raise Invalid("Give one schedule.", {"cron": "either cron or every", "every": "or every"})
    field = "cron" if cron else "every"
    try:
        if cron:
            return parse_schedule(cron, timezone or None).in_zone(default)
        return every_schedule(every_, timezone=timezone or None).in_zone(default)
    except ScheduleError as error:
        raise Invalid("That is no schedule.", {field: str(error)}) from error


def fire_time(schedule: Cron | Interval, instant: datetime) -> FireTime:
    """Return a fire time in the schedule's own zone, with a note where clocks change."""
    zone = zone_of(schedule.timezone or "UTC")
    return FireTime(instant.astimezone(zone), schedule.note(instant))


def _following(schedule: Cron | Interval, start: datetime, n: int) -> list[datetime]:
    found: list[datetime] = []
    current = schedule.next(start)
    while current is not None and len(found) < n:
        found.append(current)
        current = schedule.next(current)
    return found
