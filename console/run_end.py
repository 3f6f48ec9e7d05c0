"""When a run will probably end: from its own progress, else from how long past runs took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.reads.shapes import Pace
from app.views import RunView


@dataclass(frozen=True)
class Expected:
    """`early` to `late` is the band; of a run that reports its progress they are the same.

    `over` tells that it takes longer than nine of ten past runs did.
    """

    early: datetime
    late: datetime
    by_progress: bool = False
    over: bool = False


def expected(run: RunView, pace: Pace | None, now: datetime) -> Expected | None:
    """Return when it ends; None where it does not run, or where nothing is known to go by."""
    if run.status != "running" or run.started_at is None:
        return None
    took = (now - run.started_at).total_seconds()
    progress = run.progress
    if progress and progress.total and 0 < progress.done <= progress.total and took > 0:
        left = took * (progress.total - progress.done) / progress.done
        end = now + timedelta(seconds=left)
        return Expected(end, end, by_progress=True)
    if pace is None:
        return None
    early = run.started_at + timedelta(seconds=pace.p50)
    late = run.started_at + timedelta(seconds=pace.p90)
    return Expected(max(early, now), max(late, now), over=took > pace.p90)
