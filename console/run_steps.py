"""The states a run went through, as steps with their times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.views import RunView


@dataclass(frozen=True)
class Step:
    """One step. `took` is the time from the step before, in seconds."""

    name: str
    at: datetime | None
    took: float | None


def steps(run: RunView) -> tuple[Step, ...]:
    """Return the steps in order: those that happened, then those still to come."""
    due = run.fire_time or (run.at if run.status == "scheduled" else None)
    named = [("due", due), ("queued", run.queued_at), ("started", run.started_at)]
    known = [(name, at) for name, at in named if at is not None or not run.ended]
    known.append((run.status if run.ended else "ended", run.ended_at))
    found: list[Step] = []
    before: datetime | None = None
    for name, at in known:
        if name == "due" and at is None:
            continue
        took = max(0.0, (at - before).total_seconds()) if at and before else None
        found.append(Step(name, at, took))
        before = at or before
    return tuple(found)
