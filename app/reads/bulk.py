"""Bulk acts: how far each is, what was left as it was and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, tuple_

from app.bulk.choosing import LeftOut, Sample
from app.errors import Unknown
from app.masking import mask_text
from app.reads.cursors import checked_limit, decode, encode
from app.reads.live import ask_redis
from app.reads.together import read_together
from app.records.bulk_schema import bulk_runs
from app.records.bulk_schema import bulks as table
from app.records.database import reading
from app.records.schema import runs
from app.system import System
from app.views import Page

SILENT = timedelta(seconds=15)
MOST_REASONS = 10
SAMPLE = 10
UNDOABLE = ("cancel", "retry", "again")


@dataclass(frozen=True, slots=True)
class BulkView:
    """One bulk act. `state` is waiting, working, done or cancelled; `left` runs never had their
    turn. `undo` tells whether it can be taken back; `undone_by` is the act that did."""

    bulk_id: str
    act: str
    filter: str
    by: str
    at: datetime
    state: str
    total: int
    done: int
    skipped: int
    left: int
    undo: bool
    undo_of: str | None = None
    undone_by: str | None = None
    cancelled_by: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkReport:
    """A bulk act with why runs were skipped, and the first runs of it. `waits_for` says what has
    to come back before it goes on."""

    bulk: BulkView
    reasons: tuple[LeftOut, ...]
    sample: tuple[Sample, ...]
    waits_for: str | None = None


def bulks(system: System, limit: int = 50, cursor: str | None = None) -> Page[BulkView]:
    """Return one page of bulk acts, newest first. Raises Invalid, Unavailable."""
    statement = _views().order_by(table.c.at.desc(), table.c.bulk_id.desc())
    if cursor is not None:
        at, bulk_id = decode(cursor)
        statement = statement.where(tuple_(table.c.at, table.c.bulk_id) < tuple_(at, bulk_id))
    with reading(system.database) as connection:
        rows = connection.execute(statement.limit(checked_limit(limit) + 1)).all()
    page = rows[:limit]
    following = encode(page[-1].at, page[-1].bulk_id) if len(rows) > limit else None
    return Page(tuple(_view(row) for row in page), following)


def bulk(system: System, bulk_id: str, now: datetime) -> BulkReport:
    """Return one bulk act. Raises Unknown, Unavailable."""
    with reading(system.database) as connection:
        mine = _views().where(table.c.bulk_id == bulk_id)
        found, reasons, sample = read_together(
            connection, mine, _reasons(bulk_id), _sample(bulk_id)
        )
    if not found:
        raise Unknown("bulk act", bulk_id)
    view = _view(found[0])
    return BulkReport(
        view,
        tuple(LeftOut(row.number, row.reason) for row in reasons),
        tuple(Sample(row.run_id, row.task_id, row.status, row.at) for row in sample),
        None if view.ended_at else _waits_for(system, now),
    )


def _waits_for(system: System, now: datetime) -> str | None:
    live = ask_redis(system, now)
    if live.away is not None:
        return live.away
    leads = any(one.leads and now - one.seen_at < SILENT for one in live.schedulers)
    return None if leads else "No scheduler is running."


def _views() -> Any:
    undo = table.alias("undo")
    return select(table, undo.c.bulk_id.label("undone_by")).select_from(
        table.outerjoin(undo, undo.c.undo_of == table.c.bulk_id)
    )


def _view(row: Any) -> BulkView:
    return BulkView(
        bulk_id=row.bulk_id,
        act=row.act,
        filter=mask_text(row.filter),
        by=row.by,
        at=row.at,
        state=_state(row),
        total=row.total,
        done=row.done,
        skipped=row.skipped,
        left=row.total - row.position,
        undo=bool(
            row.ended_at and row.done and row.act in UNDOABLE
            and not row.undo_of and not row.undone_by
        ),
        undo_of=row.undo_of,
        undone_by=row.undone_by,
        cancelled_by=row.cancelled_by,
        ended_at=row.ended_at,
    )  # fmt: skip


def _state(row: Any) -> str:
    if row.cancelled_by is not None:
        return "cancelled"
    if row.ended_at is not None:
        return "done"
    return "working" if row.position else "waiting"


def _reasons(bulk_id: str) -> Any:
    number = func.count().label("number")
    return (
        select(number, bulk_runs.c.reason)
        .where(bulk_runs.c.bulk_id == bulk_id, bulk_runs.c.outcome == "skipped")
        .group_by(bulk_runs.c.reason)
        .order_by(number.desc(), bulk_runs.c.reason)
        .limit(MOST_REASONS)
    )


def _sample(bulk_id: str) -> Any:
    return (
        select(runs.c.run_id, runs.c.task_id, runs.c.status, runs.c.at)
        .join(bulk_runs, bulk_runs.c.run_id == runs.c.run_id)
        .where(bulk_runs.c.bulk_id == bulk_id)
        .order_by(bulk_runs.c.place)
        .limit(SAMPLE)
    )
