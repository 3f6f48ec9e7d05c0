"""Runs beside a run: what came of it, what it waited for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RelatedRun:
    run_id: str
    task_id: str
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RelatedRuns:
    """The first of them, and how many there are; counted up to 10,000."""

    total: int = 0
    runs: tuple[RelatedRun, ...] = ()
