"""Fire times that were due before a pause and had not fired when it came. Pure.

What comes due while a pause holds never was to fire; what was due before it was, so the history
says that it was missed, and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app.misfire import SECOND, Missed, unfired
from app.schedules import Cron, Interval


def overtaken(
    schedule: Cron | Interval, first: datetime | None, pauses: Iterable[Row[Any]]
) -> tuple[Missed, ...]:
    """Return the fire times from `first`, the first not dealt with, up to the pause that came.

    `pauses` are those that hold, and those whose end they will go on after (`records.pauses`).
    """
    if first is None:
        return ()
    came = [row for row in pauses if row.resumed_at is None or row.resumed_at >= first]
    if not came:
        return ()
    earliest = min(came, key=lambda row: row.at)
    reason = f"paused by {earliest.by} before it could run: {earliest.reason}"
    # Fire times are whole seconds.
    return unfired(schedule, first, earliest.at.replace(microsecond=0) + SECOND, reason)
