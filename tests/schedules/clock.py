"""A tiny vocabulary: wall clock text to instants and back."""

from __future__ import annotations

from datetime import UTC, datetime

from app.schedules import Cron, Interval, zone

FOR_EVER = datetime.max.replace(tzinfo=UTC)


def at(text: str, name: str = "UTC") -> datetime:
    """Return the instant when the wall clock of a zone first shows `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone(name)).astimezone(UTC)


def shown(instant: datetime, name: str = "UTC") -> str:
    """Return "2026-11-01 01:30-04:00" for an instant on the wall clock of a zone."""
    text = instant.astimezone(zone(name)).isoformat(" ")
    return text.replace(":00+", "+").replace(":00-", "-") if text[-9:-6] == ":00" else text


def upcoming(schedule: Cron | Interval, after: str, count: int) -> list[str]:
    """Return the next fire times as the schedule's own zone shows them."""
    name = schedule.timezone or "UTC"
    return [shown(t, name) for t in schedule.between(at(after, name), FOR_EVER, limit=count)]
