"""Which fire time runs when one or more of them could not be honoured on time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from app.policies import LATE_AFTER_SECONDS, MISFIRE_CAP
from app.schedules import Cron, Interval

# A schedule of every second misses 86,400 fire times a day: nobody needs to know more exactly.
COUNTED = 10_000
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Missed:
    """Fire times that do not run: one (`until` None), or `count` of them from `at` to `until`.

    A count of `COUNTED` means that many or more.
    """

    at: datetime
    reason: str
    until: datetime | None = None
    count: int = 1

    @property
    def counted(self) -> str:
        """The count in words."""
        return f"{COUNTED:,} or more" if self.count >= COUNTED else str(self.count)


@dataclass(frozen=True)
class Verdict:
    """What to do with everything due: run `fire` (or nothing), record `missed`, go on at `next`.

    `passed` is the newest fire time dealt with.
    """

    fire: datetime | None
    missed: tuple[Missed, ...]
    passed: datetime
    next: datetime | None


def judge(
    schedule: Cron | Interval,
    nominal: datetime,
    now: datetime,
    policy: str,
    grace_seconds: int | None,
) -> Verdict:
    """Judge the fire times from `nominal` to `now`.

    `latest` runs the newest and records the others as missed; `all` runs the oldest of the last
    100, the caller comes back for the rest; `skip` runs none that is late. A fire time older than
    the grace never runs.
    """
    following = schedule.next(nominal)
    on_time = following is None or following > now
    newest = nominal if on_time else schedule.latest(nominal, now) or nominal
    if policy == "all":
        return _judge_all(schedule, nominal, newest, now, grace_seconds)
    reason = _too_late(newest, now, policy, grace_seconds)
    if reason is None:
        older = unfired(schedule, nominal, newest, "a newer fire time was due as well")
        return Verdict(newest, older, newest, following if on_time else schedule.next(newest))
    missed = (*unfired(schedule, nominal, newest, reason), Missed(newest, reason))
    return Verdict(None, missed, newest, schedule.next(newest))


def _judge_all(
    schedule: Cron | Interval,
    nominal: datetime,
    newest: datetime,
    now: datetime,
    grace_seconds: int | None,
) -> Verdict:
    kept = _last(schedule, nominal, newest)
    if grace_seconds is not None:
        kept = [t for t in kept if now - t <= timedelta(seconds=grace_seconds)]
    if not kept:
        reason = f"older than the grace of {grace_seconds} s"
        missed = (*unfired(schedule, nominal, newest, reason), Missed(newest, reason))
        return Verdict(None, missed, newest, schedule.next(newest))
    first = kept[0]
    missed = unfired(schedule, nominal, first, "too old to be made good")
    return Verdict(first, missed, first, schedule.next(first))


def _too_late(
    fire_time: datetime, now: datetime, policy: str, grace_seconds: int | None
) -> str | None:
    late = (now - fire_time).total_seconds()
    if grace_seconds is not None and late > grace_seconds:
        return f"{late:.0f} s late, the grace is {grace_seconds} s"
    if policy == "skip" and late > LATE_AFTER_SECONDS:
        return f"{late:.0f} s late, and late fire times are skipped"
    return None


def unfired(
    schedule: Cron | Interval, first: datetime, before: datetime, reason: str
) -> tuple[Missed, ...]:
    """Return the fire times from `first` up to but not including `before`, the excess as one."""
    if first >= before:
        return ()
    rows: list[Missed] = []
    for fire_time in _from(schedule, first, before):
        if len(rows) == MISFIRE_CAP:
            return (*rows, _excess(schedule, fire_time, before, reason))
        rows.append(Missed(fire_time, reason))
    return tuple(rows)


def _from(schedule: Cron | Interval, first: datetime, before: datetime) -> Iterator[datetime]:
    current: datetime | None = first
    while current is not None and current < before:
        yield current
        current = schedule.next(current)


def _last(schedule: Cron | Interval, first: datetime, newest: datetime) -> list[datetime]:
    """The last fire times from `first` to `newest`, as many as are made good, oldest first."""
    found: list[datetime] = []
    current: datetime | None = newest
    while current is not None and len(found) < MISFIRE_CAP:
        found.append(current)
        current = schedule.latest(first - SECOND, current - SECOND)
    return found[::-1]


def _excess(schedule: Cron | Interval, first: datetime, before: datetime, reason: str) -> Missed:
    until = schedule.latest(first - SECOND, before - SECOND) or first
    count = sum(1 for _ in islice(_from(schedule, first, before), COUNTED))
    return Missed(first, reason, until=until, count=count)
