"""What people decided: a long audit, an act on many runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

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
    write(system.database, "bulk_runs", BULK_RUN_COLUMNS, list(_bulk_runs(task_ids)))


def _acts(task_ids: list[str], now: datetime) -> Iterator[Row]:
    for number in range(ACTS):
        at = now - SPAN + timedelta(seconds=number * SPAN.total_seconds() / ACTS)
        before, after = json.dumps({"timeout": number}), json.dumps({"timeout": number + 1})
        verb, target = VERBS[number % len(VERBS)], task_ids[number % len(task_ids)]
        person = ("olga", "operator", "console", "10.0.0.7")
        yield (text_of(at), *person, verb, target, before, after, "accepted")


def _bulk_runs(task_ids: list[str]) -> Iterator[Row]:
    for place in range(1, BULK_RUNS + 1):
        outcome = "done" if place <= BULK_RUNS // 2 else None
        yield (BULK, place, f"{task_ids[place % len(task_ids)]}--{place:010}", outcome, None)
