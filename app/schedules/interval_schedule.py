"""Fire times a fixed number of real seconds apart, counted from an anchor, never from now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self

from .durations import LONGEST
from .timetable import FIRST, Timetable, check_whole, instant_text, utc
from .wording import every_phrase, qualifiers


@dataclass(frozen=True)
class Interval(Timetable):
    """Fire at anchor + n * every_seconds for every whole n, also negative, within start and end.

    Without an anchor, n counts from the Unix epoch, so that every scheduler agrees. The anchor
    is cut to whole seconds. `timezone` is for display only, `max_runs` for the engine to count.
    """

    every_seconds: int
    timezone: str | None = None
    anchor: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    jitter_seconds: int = 0
    max_runs: int | None = None

    def __post_init__(self) -> None:
        check_whole("the interval (every_seconds)", self.every_seconds, 1, LONGEST)
        self._check_shared_fields()
        if self.anchor is not None:
            anchor = utc(self.anchor, "anchor").replace(microsecond=0)
            object.__setattr__(self, "anchor", anchor)

    @property
    def kind(self) -> Literal["interval"]:
        return "interval"

    def _earliest(self, low: datetime, high: datetime) -> datetime | None:
        time = low + timedelta(seconds=-self._phase(low) % self.every_seconds)
        return time if time <= high else None

    def _latest(self, low: datetime, high: datetime) -> datetime | None:
        time = high - timedelta(seconds=self._phase(high))
        return time if time >= low else None

    def _phase(self, instant: datetime) -> int:
        """Return the seconds since the last multiple at or before `instant`."""
        since = instant - (self.anchor or FIRST)
        return (since.days * 86_400 + since.seconds) % self.every_seconds

    def in_zone(self, default: str) -> Self:
        """Return this schedule with its display zone filled in; a zone of its own stays."""
        return self if self.timezone is not None else replace(self, timezone=default)

    def describe(self) -> str:
        """Return a plain English sentence."""
        return every_phrase(self.every_seconds) + qualifiers(self)

    def to_json(self) -> dict[str, object]:
        """Return the canonical JSON form: always in one order, `max_runs` only where it is set."""
        return {
            "kind": self.kind,
            "every_seconds": self.every_seconds,
            "timezone": self.timezone,
            "anchor": instant_text(self.anchor),
            "start": instant_text(self.start),
            "end": instant_text(self.end),
            "jitter_seconds": self.jitter_seconds,
            **self._limit_json(),
        }
