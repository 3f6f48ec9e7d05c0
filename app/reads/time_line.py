"""The rota: what ran in the past 12 hours, what fires in the coming 12."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from app.reads.decided import Decided, combine, decisions, schedule_ids
from app.reads.live import ask_redis
from app.reads.run_rows import LIGHT
from app.reads.standing import counts_lately, overview_of, pauses_of_more_than_tasks
from app.reads.task_views import by_task, recent, task_view
from app.reads.together import read_together
from app.records.database import reading
from app.records.schema import runs as run_table
from app.system import System
from app.views import Lane, TaskView, Today

WINDOW = timedelta(hours=12)
# More than a pixel apart on a wide screen.
MOST_COMING = 150
MOST_RUNS = 2_000
# Enough to find the last run that executed.
RECENT = 10


def today(system: System, now: datetime) -> Today:
    """Return one lane a task, and how the whole stands. Raises Unavailable."""
    start, end = now - WINDOW, now + WINDOW
    names = list(system.catalogue.tasks)
    with reading(system.database) as connection:
        found = read_together(
            connection,
            *decisions(now),
            recent(system, names, now, RECENT),
            _runs_between(start, end),
            counts_lately(now),
            pauses_of_more_than_tasks(),
        )
    newest, past, counted, paused = found[3:]
    live = ask_redis(system, now, schedule_ids(found))
    whole = combine(found, live, now)
    runs, last = by_task(past), by_task(newest)
    views = [
        task_view(task, whole, now, last.get(task.id, ()))
        for task in system.catalogue.tasks.values()
    ]
    lanes = tuple(
        Lane(view, runs.get(view.id, ()), tuple(_coming(view, whole, now, end))) for view in views
    )
    return Today(now, start, end, lanes, overview_of(views, live, counted, paused, now))


def _runs_between(start: datetime, end: datetime) -> Select[Any]:
    return (
        select(*LIGHT)
        .where(run_table.c.at > start, run_table.c.at <= end)
        .order_by(run_table.c.at.desc(), run_table.c.run_id.desc())
        .limit(MOST_RUNS)
    )


def _coming(view: TaskView, found: Decided, now: datetime, end: datetime) -> Iterable[datetime]:
    if view.state == "paused" or view.paused_by_all:
        return []
    times: list[datetime] = []
    for schedule_id, definition, _ in found.schedules.get(view.id, ()):
        skipped = found.skips.get(schedule_id, frozenset())
        most = min(MOST_COMING, found.left.get(schedule_id, MOST_COMING))
        coming = definition.schedule.between(now, end, limit=most)
        times.extend(time for time in coming if time not in skipped)
    return sorted(times)[:MOST_COMING]
