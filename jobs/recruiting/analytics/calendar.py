"""Weeks and days of the organisation's time zone as instants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from app import Invalid

WEEK_NAME = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span [start, end), in UTC."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week by ISO 8601: from Monday; week 1 is the one with the year's first Thursday."""

    monday: date

    @property
    def name(self) -> str:
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    def back(self, weeks: int) -> Week:
        return Week(self.monday - timedelta(weeks=weeks))

    def window(self, zone: ZoneInfo) -> Window:
        """Return Monday 00:00 to Monday 00:00 in `zone`: 168 hours, or one less or more where
        clocks change."""
        return Window(midnight(self.monday, zone), midnight(self.monday + timedelta(weeks=1), zone))


def last_closed_week(now: datetime, zone: ZoneInfo) -> Week:
    """Return the newest week that is over in `zone`."""
    today = now.astimezone(zone).date()
    return Week(today - timedelta(days=today.weekday() + 7))


def closed_week(text: str, now: datetime, zone: ZoneInfo) -> Week:
    """Return the week named `text`, like 2026-W47. Raises Invalid unless it exists and is over."""
    newest = last_closed_week(now, zone)
    found = WEEK_NAME.fullmatch(text.strip())
    try:
        week = Week(date.fromisocalendar(int(found[1]), int(found[2]), 1)) if found else None
    except ValueError:
        week = None
    if week is None:
        raise Invalid(f"{text!r} is no week: write the year and the ISO week, like {newest.name}.")
    if week > newest:
        raise Invalid(f"{week.name} is not over yet: the newest closed week is {newest.name}.")
    return week


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when `day` begins in `zone`, in UTC; the earlier one where midnight comes twice."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def last_days(days: int, now: datetime, zone: ZoneInfo) -> Window:
    """Return today so far and the whole days before it, `days` in all."""
    today = now.astimezone(zone).date()
    return Window(midnight(today - timedelta(days=days - 1), zone), now)
