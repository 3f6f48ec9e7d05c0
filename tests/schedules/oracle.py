"""Fire times by brute force, wall minute by wall minute: slow, plain, and independent.

Shares no code with the package: its own reading of five plain fields, each wall minute tried
against every offset its zone has in the year, and a walk minute by minute out of a gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Fields:
    """The values five plain fields allow; `either` is Vixie's OR of the two day fields."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def allow_date(self, day: date) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        fits = (in_month or in_week) if self.either else (in_month and in_week)
        return fits and day.month in self.months


def fields(expression: str) -> Fields:
    """Read numbers, lists, ranges and steps; nothing else."""
    minute, hour, day, month, weekday = expression.split()
    return Fields(
        minutes=_values(minute, 0, 59),
        hours=_values(hour, 0, 23),
        days=_values(day, 1, 31),
        months=_values(month, 1, 12),
        weekdays=frozenset(value % 7 for value in _values(weekday, 0, 7)),
        either=day[0] != "*" and weekday[0] != "*",
    )


def _values(text: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for term in text.split(","):
        base, _, step = term.partition("/")
        first, _, last = (f"{low}-{high}" if base == "*" else base).partition("-")
        values.update(range(int(first), int(last or first) + 1, int(step or 1)))
    return frozenset(values)


class Year:
    """One year [start, end) in one zone."""

    def __init__(self, zone: ZoneInfo, year: int) -> None:
        self.zone = zone
        self.start = datetime(year, 1, 1, tzinfo=UTC)
        self.end = datetime(year + 1, 1, 1, tzinfo=UTC)
        self.offsets: set[timedelta] = set()
        self.changes: list[datetime] = []
        self._walk()

    def _walk(self) -> None:
        instant = self.start - timedelta(days=3)
        before = self._offset(instant)
        while instant < self.end + timedelta(days=3):
            offset = self._offset(instant)
            self.offsets.add(offset)
            if offset != before:
                self.changes.append(instant)
            instant, before = instant + 15 * MINUTE, offset

    def _offset(self, instant: datetime) -> timedelta:
        return instant.astimezone(self.zone).replace(tzinfo=UTC) - instant

    def _instants(self, wall: datetime) -> list[datetime]:
        candidates = [wall.replace(tzinfo=UTC) - offset for offset in self.offsets]
        return sorted(t for t in candidates if self._offset(t) == wall.replace(tzinfo=UTC) - t)

    def fires(self, expression: str, gap: str = "end", fold: str = "first") -> list[datetime]:
        """Return the fire times from the rule as it is written, wall minute by wall minute."""
        allowed = fields(expression)
        every_hour = len(allowed.hours) == 24
        found: set[datetime] = set()
        for wall in self._matching(allowed):
            instants = self._instants(wall)
            found.update(instants if every_hour else self._placed(wall, instants, gap, fold))
        return sorted(t for t in found if self.start <= t < self.end)

    def _matching(self, allowed: Fields) -> Iterator[datetime]:
        first, last = self.start.date() - timedelta(days=2), self.end.date() + timedelta(days=2)
        for n in range((last - first).days):
            day = first + timedelta(days=n)
            if allowed.allow_date(day):
                for hour, minute in product(allowed.hours, allowed.minutes):
                    yield datetime.combine(day, time(hour, minute))

    def _placed(
        self, wall: datetime, instants: list[datetime], gap: str, fold: str
    ) -> list[datetime]:
        if not instants:
            return [self._gap_end(wall)] if gap == "end" else []
        return {"first": instants[:1], "second": instants[-1:], "both": instants}[fold]

    def _gap_end(self, wall: datetime) -> datetime:
        while not self._instants(wall):
            wall += MINUTE
        return self._instants(wall)[0]
