"""Where matching wall times fall in real time: the daylight-saving rule.

An expression that allows all 24 hours follows real instants: it fires in both passes of a
repeated hour, and minutes inside a gap do not exist. Any other expression maps each matching
wall time to one instant: its first occurrence, or the end of the gap it lies in; wall times
that land on the same instant merge. `gap` and `fold` override the latter rule only.

Instants are naive UTC throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .wall_times import WallTimes
from .zones import SECOND, Period, period_at, periods_back_from, periods_from

Gap = Literal["end", "skip"]
Fold = Literal["first", "second", "both"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Matching wall times of one zone, placed by one rule for gaps and repeated hours."""

    walls: WallTimes
    zone: str
    gap: Gap
    fold: Fold

    def earliest(self, low: datetime, high: datetime) -> datetime | None:
        """Return the first fire time in [low, high]."""
        ahead = _Ahead(self.walls)
        for period in periods_from(self.zone, low):
            if period.start > high:
                return None
            found = self._earliest_in(period, low, ahead)
            if found is not None:
                return found if found <= high else None
        return None

    def latest(self, low: datetime, high: datetime) -> datetime | None:
        """Return the newest fire time in [low, high]."""
        behind = _Behind(self.walls)
        for period in periods_back_from(self.zone, high):
            if period.end <= low:
                return None
            found = self._latest_in(period, high, behind)
            if found is not None:
                return found if found >= low else None
        return None

    def note(self, instant: datetime) -> Literal["gap", "repeat"] | None:
        """Say whether a fire was moved to the end of a gap, or lies in a repeated hour."""
        period = period_at(self.zone, instant)
        if instant == period.start and self._moves_from_gap(period, _Ahead(self.walls)):
            return "gap"
        return "repeat" if is_repeated(period, instant) else None

    def _earliest_in(self, period: Period, low: datetime, ahead: _Ahead) -> datetime | None:
        if period.start >= low and self._moves_from_gap(period, ahead):
            return period.start
        wall = max(low, period.start) + period.offset
        if self.fold == "first":
            wall = max(wall, period.previous_wall_end)
        found = ahead.find(wall)
        return found - period.offset if found and found < self._wall_end(period) else None

    def _latest_in(self, period: Period, high: datetime, behind: _Behind) -> datetime | None:
        found = behind.find(min(high + period.offset, self._wall_end(period) - SECOND))
        if found and found >= self._wall_start(period):
            return found - period.offset
        if not self._ends_gap(period):
            return None
        moved = behind.find(period.wall_start - SECOND)
        return period.start if moved and moved >= period.previous_wall_end else None

    def _wall_start(self, period: Period) -> datetime:
        if self.fold == "first":
            return max(period.wall_start, period.previous_wall_end)
        return period.wall_start

    def _wall_end(self, period: Period) -> datetime:
        if self.fold == "second":
            return min(period.wall_end, period.next_wall_start)
        return period.wall_end

    def _ends_gap(self, period: Period) -> bool:
        return self.gap == "end" and period.previous_wall_end < period.wall_start

    def _moves_from_gap(self, period: Period, ahead: _Ahead) -> bool:
        if not self._ends_gap(period):
            return False
        moved = ahead.find(period.previous_wall_end)
        return moved is not None and moved < period.wall_start


def is_repeated(period: Period, instant: datetime) -> bool:
    """Return whether the wall clock shows this instant's time twice."""
    wall = instant + period.offset
    return wall < period.previous_wall_end or wall >= period.next_wall_start


class _Ahead:
    """Search forward; remember the last stretch searched, for rare expressions cross many."""

    def __init__(self, walls: WallTimes) -> None:
        self._walls = walls
        self._searched: tuple[datetime, datetime | None] | None = None

    def find(self, wall: datetime) -> datetime | None:
        if self._searched is not None:
            start, found = self._searched
            if start <= wall and (found is None or wall <= found):
                return found
        found = self._walls.first_from(wall)
        self._searched = (wall, found)
        return found


class _Behind:
    """Search backward; remember the last stretch searched."""

    def __init__(self, walls: WallTimes) -> None:
        self._walls = walls
        self._searched: tuple[datetime | None, datetime] | None = None

    def find(self, wall: datetime) -> datetime | None:
        if self._searched is not None:
            found, end = self._searched
            if wall <= end and (found is None or wall >= found):
                return found
        found = self._walls.last_until(wall)
        self._searched = (found, wall)
        return found
