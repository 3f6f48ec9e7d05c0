"""What people decided: a long audit, an act on many runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from app.records.database import reading
from app.records.schema import runs
from app.system import System
from benchmarks.consoles.history import SPAN, Row, text_of, write

BULK = "benchmark-bulk"
ACTS, BULK_RUNS = 100_000, 10_000
AUDIT_COLUMNS = (
    "at", "actor", "role", "via", "address", "verb", "target", "before", "after", "outcome",
)  # fmt: skip
BULK_COLUMNS = ("bulk_id", "act", "filter", "by", "via", "at", "total", "position", "done")
BULK_RUN_COLUMNS = ("bulk_id", "place", "run_id", "outcome", "made")
VERBS = ("trigger", "pause", "resume", "reschedule", "retry")


def fill(system: System, now: datetime) -> None:
    """Write the acts of the past 30 days."""
    task_ids = sorted(system.catalogue.tasks)
    write(system.database, "audit", AUDIT_COLUMNS, list(_acts(task_ids, now)))
    bulk = (BULK, "retry", "status:failed since:7d", "olga", "console", text_of(now))
    write(system.database, "bulks", BULK_COLUMNS, [(*bulk, BULK_RUNS, BULK_RUNS // 2, 4_000)])
    with reading(system.database) as connection:
        newest = select(runs.c.run_id).order_by(runs.c.at.desc()).limit(BULK_RUNS)
        chosen = connection.execute(newest).scalars().all()
    write(system.database, "bulk_runs", BULK_RUN_COLUMNS, list(_bulk_runs(chosen)))


def _acts(task_ids: list[str], now: datetime) -> Iterator[Row]:
    for number in range(ACTS):
        at = now - SPAN + timedelta(seconds=number * SPAN.total_seconds() / ACTS)
        before, after = json.dumps({"timeout": number}), json.dumps({"timeout": number + 1})
        verb, target = VERBS[number % len(VERBS)], task_ids[number % len(task_ids)]
        person = ("olga", "operator", "console", "10.0.0.7")
        yield (text_of(at), *person, verb, target, before, after, "accepted")


def _bulk_runs(run_ids: Sequence[str]) -> Iterator[Row]:
    for place, run_id in enumerate(run_ids, start=1):
        yield (BULK, place, run_id, "done" if place <= BULK_RUNS // 2 else None, None)
