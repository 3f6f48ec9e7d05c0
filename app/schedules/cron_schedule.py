"""Fire times by the wall clock of a zone, from a cron expression."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal, Self, get_args

from .describe import describe_walls
from .errors import ScheduleError
from .placement import Fold, Gap, Placement
from .timetable import Note, Timetable, instant_text, utc
from .wall_times import WallTimes, wall_times
from .wording import qualifiers


@dataclass(frozen=True)
class Cron(Timetable):
    """Fire at the wall times an expression matches, between start and end (both inclusive).

    Five fields in Vixie's semantics, six with seconds first, or a nickname. `timezone` None
    means the application's default: resolve it with `in_zone` before asking for fire times.
    `max_runs` is for the engine to count: fire times are the same with and without it.
    `dst_gap` and `dst_fold` have no effect on an expression that allows all 24 hours.
    """

    expression: str
    timezone: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    dst_gap: Gap = "end"
    dst_fold: Fold = "first"
    jitter_seconds: int = 0
    max_runs: int | None = None

    def __post_init__(self) -> None:
        # Compiled before blanks are tidied: errors give positions in the text as it was written.
        _ = self._walls
        object.__setattr__(self, "expression", " ".join(self.expression.split()))
        _check_choice("dst_gap", self.dst_gap, get_args(Gap))
        _check_choice("dst_fold", self.dst_fold, get_args(Fold))
        self._check_shared_fields()

    @property
    def kind(self) -> Literal["cron"]:
        return "cron"

    @cached_property
    def _walls(self) -> WallTimes:
        return wall_times(self.expression)

    @cached_property
    def _placement(self) -> Placement:
        if self.timezone is None:
            raise ScheduleError(
                f"the schedule {self.expression!r} has no time zone yet; resolve it with "
                'in_zone("Area/City") before asking for fire times'
            )
        if self._walls.every_hour:
            return Placement(self._walls, self.timezone, gap="skip", fold="both")
        return Placement(self._walls, self.timezone, self.dst_gap, self.dst_fold)

    def _earliest(self, low: datetime, high: datetime) -> datetime | None:
        found = self._placement.earliest(low.replace(tzinfo=None), high.replace(tzinfo=None))
        return found and found.replace(tzinfo=UTC)

    def _latest(self, low: datetime, high: datetime) -> datetime | None:
        found = self._placement.latest(low.replace(tzinfo=None), high.replace(tzinfo=None))
        return found and found.replace(tzinfo=UTC)

    def in_zone(self, default: str) -> Self:
        """Return this schedule with its zone filled in; a zone of its own stays."""
        return self if self.timezone is not None else replace(self, timezone=default)

    def note(self, t: datetime) -> Note | None:
        """Say whether a fire time was moved to the end of a gap, or lies in a repeated hour."""
        return self._placement.note(utc(t, "t").replace(tzinfo=None, microsecond=0))

    def describe(self) -> str:
        """Return a plain English sentence."""
        return describe_walls(self._walls) + qualifiers(self)

    def to_json(self) -> dict[str, object]:
        """Return the canonical JSON form: always in one order, `max_runs` only where it is set."""
        return {
            "kind": self.kind,
            "expression": self.expression,
            "timezone": self.timezone,
            "start": instant_text(self.start),
            "end": instant_text(self.end),
            "dst_gap": self.dst_gap,
            "dst_fold": self.dst_fold,
            "jitter_seconds": self.jitter_seconds,
            **self._limit_json(),
        }


def _check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ScheduleError(f"{name} is {value!r}; allowed are {', '.join(allowed)}")
