"""Gives back what a run of the archive took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, insert, select, update

from app import Conflict, reading, writing
from jobs.recruiting.recording import record
from jobs.recruiting.schema import applications, archive_changes

BATCH = 500


@dataclass(frozen=True)
class Restored:
    """What came of a restore: `changed` were touched since they were archived and stay as they
    are, `before` were given back by an earlier restore, `gone` are not stored any more."""

    run_id: str
    restored: int
    changed: int
    before: int
    gone: int


def restore(engine: Engine, run_id: str, actor: str, now: datetime) -> Restored:
    """Put back every application that `run_id` archived, as it was before, by batches.

    Run again it changes nothing more. Raises Conflict when that run archived nothing.
    """
    with reading(engine) as connection:
        taken = connection.execute(_changes(run_id, "archive")).all()
        given_back = {r.application_id for r in connection.execute(_changes(run_id, "restore"))}
    if not taken:
        raise Conflict(f"No run {run_id} archived anything: `archive runs` lists those that did.")
    waiting = [row for row in taken if row.application_id not in given_back]
    counts = {"restored": 0, "changed": 0, "gone": 0}
    for start in range(0, len(waiting), BATCH):
        with writing(engine) as connection:
            _restore(connection, waiting[start : start + BATCH], actor, now, counts)
    return Restored(run_id=run_id, before=len(given_back), **counts)


def _changes(run_id: str, action: str) -> Select[Any]:
    return (
        select(archive_changes)
        .where(archive_changes.c.run_id == run_id, archive_changes.c.action == action)
        .order_by(archive_changes.c.application_id)
    )


def _restore(
    connection: Connection,
    taken: Sequence[Row[Any]],
    actor: str,
    now: datetime,
    counts: dict[str, int],
) -> None:
    ids = [row.application_id for row in taken]
    locked = select(applications).where(applications.c.id.in_(ids)).with_for_update()
    present = {row.id: row for row in connection.execute(locked)}
    again = set(connection.execute(_given_back(taken[0].run_id, ids)).scalars())
    for change in taken:
        row = present.get(change.application_id)
        if row is None:
            counts["gone"] += 1
        elif change.application_id in again or not _untouched(row, change):
            counts["changed"] += 1
        else:
            counts["restored"] += 1
            _put_back(connection, row, change, actor, now)


def _given_back(run_id: str, ids: Sequence[int]) -> Select[Any]:
    """Another restore may have been at work since the list was read."""
    return select(archive_changes.c.application_id).where(
        archive_changes.c.run_id == run_id,
        archive_changes.c.action == "restore",
        archive_changes.c.application_id.in_(ids),
    )


def _untouched(row: Row[Any], change: Row[Any]) -> bool:
    """Archiving set `updated_at` to its own time: any later change shows."""
    return bool(row.status == "archived" and row.updated_at == change.at)


def _put_back(
    connection: Connection, row: Row[Any], change: Row[Any], actor: str, now: datetime
) -> None:
    values = {**change.before, "ended_at": None, "updated_at": now}
    reason = f"restored from {change.run_id}"
    connection.execute(update(applications).where(applications.c.id == row.id).values(values))
    record(
        connection,
        [
            {
                "application_id": row.id,
                "from_status": row.status,
                "from_stage": row.stage,
                "to_status": values["status"],
                "to_stage": row.stage,
                "at": now,
                "recorded_at": now,
                "actor": actor,
                "reason": reason,
            }
        ],
    )
    connection.execute(
        insert(archive_changes).values(
            run_id=change.run_id,
            application_id=row.id,
            action="restore",
            from_status=row.status,
            to_status=values["status"],
            before={column: getattr(row, column) for column in change.before},
            reason=reason,
            rule_version=change.rule_version,
            at=now,
            actor=actor,
        )
    )
