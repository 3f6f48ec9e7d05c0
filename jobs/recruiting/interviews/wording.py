"""How mails say when: in the reader's zone, with its name and offset."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Not the process's locale: a mail reads the same wherever it was sent from.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def zone(*names: str | None) -> ZoneInfo:
    """Return the first zone that there is, else UTC."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def date_of(instant: datetime, where: ZoneInfo) -> str:
    local = instant.astimezone(where)
    return f"{DAYS[local.weekday()]}, {local.day} {MONTHS[local.month - 1]} {local.year}"


def time_of(start: datetime, end: datetime, where: ZoneInfo) -> str:
    """Return `10:30–11:30 (Europe/Berlin, UTC+01:00)`."""
    first, last = start.astimezone(where), end.astimezone(where)
    until = f"{last:%H:%M}"
    if last.utcoffset() != first.utcoffset():
        offsets = f"UTC{_offset(first)} – {until} UTC{_offset(last)}"
        return f"{first:%H:%M} {offsets} ({where.key})"
    if last.date() != first.date():
        until += f" on {date_of(end, where)}"
    return f"{first:%H:%M}–{until} ({where.key}, UTC{_offset(first)})"


def remaining(span: timedelta) -> str:
    """Return how long there is until then, in words: `in 24 hours`, `in 1 hour`."""
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes >= 36 * 60:
        return f"in {_counted(round(minutes / 1440), 'day')}"
    if minutes >= 90:
        return f"in {_counted(round(minutes / 60), 'hour')}"
    return "in 1 hour" if 55 <= minutes <= 65 else f"in {_counted(minutes, 'minute')}"


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _offset(moment: datetime) -> str:
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:5]}" if text != "+0000" else "+00:00"
