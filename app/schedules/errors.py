"""The one error this package raises for bad input."""

from __future__ import annotations

from app.errors import Invalid


class ScheduleError(Invalid, ValueError):
    """Say what is wrong with a schedule, where, and what is allowed."""
