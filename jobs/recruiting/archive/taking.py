"""Archives what a plan says, in batches that are each all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, insert, select, update

from app import progress, writing
from jobs.recruiting.archive.plan import ArchivePlan, Candidacy
from jobs.recruiting.archive.rule import VERSION, eligible
from jobs.recruiting.recording import record
from jobs.recruiting.schema import applications, archive_changes

BATCH = 500
ACTOR = "archive_old_applications"
# What archiving changes of a row, and restoring puts back.
CHANGED = ("status", "previous_status", "reason")
TO_ARCHIVE = update(applications).where(applications.c.id == bindparam("row_id"))


def take(
    engine: Engine,
    plan: ArchivePlan,
    now: datetime,
    days: int,
    run_id: str,
) -> int:
    """Archive the plan's applications and return how many; what changed since it was made, or is
    not eligible any more, is left alone.

    A run that ends in the middle leaves whole batches behind; its next attempt finds the rest by
    a new plan.
    """
    archived, total = 0, len(plan.taken)
    for done, batch in _batches(plan.taken):
        with writing(engine) as connection:
            archived += _take(connection, batch, now, days, run_id)
        progress(done, total, f"{archived:,} archived")
    return archived


def _batches(taken: Sequence[Candidacy]) -> Iterator[tuple[int, Sequence[Candidacy]]]:
    for start in range(0, len(taken), BATCH):
        batch = taken[start : start + BATCH]
        yield start + len(batch), batch


def _take(
    connection: Connection, batch: Sequence[Candidacy], now: datetime, days: int, run_id: str
) -> int:
    seen = {each.id: each for each in batch}
    present = (
        select(applications)
        .where(applications.c.id.in_(seen), eligible(now, days))
        .order_by(applications.c.id)
        .with_for_update()
    )
    rows = [row for row in connection.execute(present) if row.updated_at == seen[row.id].updated_at]
    if not rows:
        return 0
    connection.execute(TO_ARCHIVE, [_values(row, seen[row.id].reason(now), now) for row in rows])
    record(connection, [_event(row, seen[row.id].reason(now), now) for row in rows])
    changes = [_change(row, seen[row.id].reason(now), now, run_id) for row in rows]
    connection.execute(insert(archive_changes), changes)
    return len(rows)


def _values(row: Row[Any], reason: str, now: datetime) -> dict[str, Any]:
    return {
        "row_id": row.id,
        "status": "archived",
        "previous_status": row.status,
        "ended_at": now,
        "reason": reason,
        "updated_at": now,
    }


def _event(row: Row[Any], reason: str, now: datetime) -> dict[str, Any]:
    return {
        "application_id": row.id,
        "from_status": row.status,
        "from_stage": row.stage,
        "to_status": "archived",
        "to_stage": row.stage,
        "at": now,
        "recorded_at": now,
        "actor": ACTOR,
        "reason": reason,
    }


def _change(row: Row[Any], reason: str, now: datetime, run_id: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "application_id": row.id,
        "action": "archive",
        "from_status": row.status,
        "to_status": "archived",
        "before": {column: getattr(row, column) for column in CHANGED},
        "reason": reason,
        "rule_version": VERSION,
        "at": now,
        "actor": ACTOR,
    }
