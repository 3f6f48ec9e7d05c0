"""All that a task's own page shows, for one query and one Redis round trip."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from app.reads.decided import Decided
from app.reads.deploys import deploys_since
from app.reads.overrides import override_view, overrides_and_ended, still_tells
from app.reads.shapes import BackfillView, TaskDetail
from app.reads.task_views import task_and_more
from app.reads.together import Fields
from app.reads.upcoming import coming_of, times_of
from app.records.schema import backfills, runs
from app.system import System
from app.views import FireTimes, TaskView

BACKFILLS_SHOWN = 5
COMING = 10
DEPLOYS_SHOWN = timedelta(days=90)


def task_page(system: System, task_id: str, now: datetime) -> tuple[TaskView, TaskDetail]:
    """Return one task, and what people decided about it. Raises Unknown, Unavailable."""
    newest = _newest_backfills(task_id)
    released_since = deploys_since(now - DEPLOYS_SHOWN)
    more = overrides_and_ended(task_id), newest, _counts(newest), released_since
    view, whole, found = task_and_more(system, task_id, now, *more)
    overridden, filled, counted, released = found
    ids = [schedule_id for schedule_id, _, _ in whole.schedules.get(task_id, ())]
    detail = TaskDetail(
        overrides=tuple(override_view(row) for row in overridden if still_tells(row)),
        backfills=tuple(_backfill(row, counted) for row in filled),
        skips=tuple((name, at) for name in ids for at in sorted(whole.skips.get(name, ()))),
        made_here=frozenset(name for name in ids if whole.sources.get(name) != "code"),
        revisions={name: whole.revisions[name] for name in ids},
        fires=_fires(whole, task_id, now),
        releases=tuple(row.at for row in released),
    )
    return view, detail


def _fires(whole: Decided, task_id: str, now: datetime) -> FireTimes:
    return times_of(coming_of(whole, task_id), COMING, now)


def _newest_backfills(task_id: str) -> Select[Any]:
    return (
        select(backfills)
        .where(backfills.c.task_id == task_id)
        .order_by(backfills.c.at.desc())
        .limit(BACKFILLS_SHOWN)
    )


def _counts(newest: Select[Any]) -> Select[Any]:
    shown = newest.subquery("shown")
    return (
        select(runs.c.backfill_id, runs.c.status, func.count().label("number"))
        .where(runs.c.backfill_id.in_(select(shown.c.backfill_id)))
        .group_by(runs.c.backfill_id, runs.c.status)
    )


def _backfill(row: Fields, counted: list[Fields]) -> BackfillView:
    return BackfillView(
        backfill_id=row.backfill_id,
        task_id=row.task_id,
        by=row.by,
        at=row.at,
        start=row.start,
        end=row.end,
        total=row.total,
        concurrency=row.concurrency,
        statuses={c.status: c.number for c in counted if c.backfill_id == row.backfill_id},
        ended_at=row.ended_at,
    )
