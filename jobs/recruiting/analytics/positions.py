"""Openings, and the days on which nobody was to fill them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.recruiting.analytics.applications import in_days


@dataclass(frozen=True, slots=True)
class Opening:
    position_id: int
    opened_at: datetime
    filled_by: int


@dataclass(frozen=True)
class Openings:
    """Filled openings, and the changes of status of their positions in order of time."""

    filled: Sequence[Opening] = ()
    position_events: Mapping[int, Sequence[tuple[datetime, str]]] | None = None
    undated_positions: int = 0

    def days_to_fill(self, accepted: Mapping[int, datetime]) -> list[float]:
        """Return, for each opening filled by one of `accepted` (application to when it accepted),
        the days from its opening, without those on hold."""
        found = []
        for opening in self.filled:
            accepted_at = accepted.get(opening.filled_by)
            if accepted_at and accepted_at >= opening.opened_at:
                open_for = accepted_at - opening.opened_at
                held = self._on_hold(opening.position_id, opening.opened_at, accepted_at)
                found.append(in_days(open_for - held))
        return found

    def _on_hold(self, position_id: int, start: datetime, end: datetime) -> timedelta:
        events = (self.position_events or {}).get(position_id, ())
        held = timedelta()
        for (at, status), (until, _) in zip(events, [*events[1:], (end, "")], strict=True):
            if status == "on_hold":
                held += max(min(until, end) - max(at, start), timedelta())
        return held
