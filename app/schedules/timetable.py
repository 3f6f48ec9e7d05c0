"""What cron and interval schedules share: bounds, jitter, and questions about fire times."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Literal, Self

from .durations import DAY
from .errors import ScheduleError
from .placement import is_repeated
from .zones import check_zone, period_at

SECOND = timedelta(seconds=1)
# Fire times name runs by their epoch second, so none is negative; the calendar ends at 9999
# and a search may look 50 years ahead.
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9900, 1, 1, tzinfo=UTC)
MOST_RUNS = 1_000_000_000

Note = Literal["gap", "repeat"]


class Timetable(ABC):
    """A pure schedule: an instant in, fire times out. Fire times are aware UTC whole seconds."""

    timezone: str | None
    start: datetime | None
    end: datetime | None
    jitter_seconds: int
    max_runs: int | None

    @property
    @abstractmethod
    def kind(self) -> Literal["cron", "interval"]:
        """Return which of the two kinds of schedule this is."""

    @abstractmethod
    def _earliest(self, low: datetime, high: datetime) -> datetime | None:
        """Return the first fire time in [low, high], both UTC whole seconds."""

    @abstractmethod
    def _latest(self, low: datetime, high: datetime) -> datetime | None:
        """Return the newest fire time in [low, high], both UTC whole seconds."""

    @abstractmethod
    def in_zone(self, default: str) -> Self:
        """Return this schedule with its zone filled in; a zone of its own stays."""

    @abstractmethod
    def describe(self) -> str:
        """Return a plain English sentence."""

    @abstractmethod
    def to_json(self) -> dict[str, object]:
        """Return the canonical JSON form: always in one order, `max_runs` only where it is set."""

    def next(self, after: datetime) -> datetime | None:
        """Return the first fire time strictly after `after`, None when the end has passed."""
        return _next(self, self._first_after(after))

    def latest(self, after: datetime, until: datetime) -> datetime | None:
        """Return the newest fire time t with `after` < t <= `until`."""
        low = self._first_after(after)
        high = min(_whole(utc(until, "until")), self._last())
        return self._latest(low, high) if low <= high else None

    def between(self, a: datetime, b: datetime, limit: int | None = None) -> list[datetime]:
        """Return the fire times t with `a` < t <= `b`, ascending, at most `limit` of them."""
        return list(islice(self._times(a, utc(b, "b")), limit))

    def _times(self, after: datetime, until: datetime) -> Iterator[datetime]:
        time = self.next(after)
        while time is not None and time <= until:
            yield time
            time = self.next(time)

    def note(self, t: datetime) -> Note | None:
        """Say whether a fire time was moved to the end of a gap, or lies in a repeated hour."""
        if self.timezone is None:
            return None
        instant = _whole(utc(t, "t")).replace(tzinfo=None)
        return "repeat" if is_repeated(period_at(self.timezone, instant), instant) else None

    def jittered(self, schedule_id: str, t: datetime) -> datetime:
        """Return when the fire time `t` is due: up to `jitter_seconds` later.

        The offset is a hash of schedule and fire time: every scheduler, and every repeat,
        comes to the same answer.
        """
        t = utc(t, "t")
        if not self.jitter_seconds:
            return t
        seed = f"{schedule_id}--{int(t.timestamp())}".encode()
        number = int.from_bytes(hashlib.blake2b(seed, digest_size=8).digest())
        return t + timedelta(seconds=number % (self.jitter_seconds + 1))

    def _first_after(self, after: datetime) -> datetime:
        return max(min(_whole(utc(after, "after")), LAST) + SECOND, self._first())

    def _first(self) -> datetime:
        if self.start is None or self.start <= FIRST:
            return FIRST
        whole = _whole(self.start)
        return whole if whole == self.start else whole + SECOND

    def _last(self) -> datetime:
        return LAST if self.end is None else min(_whole(self.end), LAST)

    def _limit_json(self) -> dict[str, object]:
        # Left out where there is none: the form of schedules without it stays what it was, or
        # every one of them would count as changed.
        return {} if self.max_runs is None else {"max_runs": self.max_runs}

    def _check_shared_fields(self) -> None:
        check_zone(self.timezone)
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, utc(value, name))
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ScheduleError(
                f"end {self.end.isoformat()} lies before start {self.start.isoformat()}; "
                "allowed is an end at or after the start"
            )
        check_whole("jitter_seconds", self.jitter_seconds, 0, DAY)
        _check_max_runs(self.max_runs)


# Many schedules share their expression and their fire time, and one is asked for again and again.
@lru_cache(maxsize=8_192)
def _next(timetable: Timetable, low: datetime) -> datetime | None:
    high = timetable._last()
    return timetable._earliest(low, high) if low <= high else None


def utc(value: datetime, name: str) -> datetime:
    """Return the instant in UTC; ScheduleError if it has no time zone."""
    if not isinstance(value, datetime):
        raise ScheduleError(f"{name} must be a timezone-aware datetime, not {value!r}")
    if value.utcoffset() is None:
        raise ScheduleError(
            f"{name} {value.isoformat()} has no time zone; allowed are timezone-aware datetimes, "
            "such as datetime.now(UTC)"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ScheduleError(f"{name} {value.isoformat()} lies outside years 1 to 9999") from error


def check_whole(name: str, value: object, low: int, high: int) -> None:
    """Raise ScheduleError unless `value` is a whole number from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ScheduleError(
            f"{name} is {value!r}; allowed is a whole number of seconds from {low} to {high}"
        )


def _check_max_runs(value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_RUNS:
        raise ScheduleError(
            f"max_runs is {value!r}; allowed is a whole number from 1 to {MOST_RUNS}, or none"
        )


def instant_text(instant: datetime | None) -> str | None:
    """Return ISO 8601 in UTC."""
    return None if instant is None else instant.isoformat()


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
