"""The rota: what ran in the past 12 hours, what fires in the coming 12."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from app.reads.decided import Decided, combine, decisions, schedule_ids
from app.reads.deploys import deploys_since
from app.reads.live import ask_redis
from app.reads.newest import newest_runs
from app.reads.problems import BAD_ENDS
from app.reads.run_rows import LIGHT
from app.reads.standing import of_the_whole, overview_of
from app.reads.task_views import by_task, recent, task_view
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import runs as run_table
from app.system import System
from app.views import Lane, RunView, TaskView, Today

WINDOW = timedelta(hours=12)
# More than a pixel apart on a wide screen.
MOST_COMING = 150
# Of each task, so that one which runs every few seconds does not push the others off the page.
MOST_RUNS = 150
# What went wrong stays in sight even where a task's runs are too many to be drawn.
MOST_BAD = 300
# Enough to find the last run that executed.
RECENT = 10


def today(system: System, now: datetime) -> Today:
    """Return one lane a task, and how the whole stands. Raises Unavailable."""
    start, end = now - WINDOW, now + WINDOW
    names = list(system.catalogue.tasks)
    between = run_table.c.at > start, run_table.c.at <= end
    with reading(system.database) as connection:
        found = read_together(
            connection,
            *decisions(now),
            recent(system, names, now, RECENT),
            newest_runs(system.database.dialect.name, LIGHT, names, MOST_RUNS, *between),
            _bad_runs(start, end),
            deploys_since(start),
            *of_the_whole(now),
        )
    newest, past, bad, released, *lately = found[3:]
    live = ask_redis(system, now, schedule_ids(found))
    whole = combine(found, live, now)
    runs, last = _past(past, bad), by_task(newest)
    views = [
        task_view(task, whole, now, last.get(task.id, ()))
        for task in system.catalogue.tasks.values()
    ]
    lanes = tuple(
        _lane(view, runs.get(view.id, ()), _crowded(past, view.id), whole, now, end)
        for view in views
    )
    deploys = tuple(row.at for row in released)
    return Today(now, start, end, lanes, overview_of(views, live, lately, now), deploys)


def _bad_runs(start: datetime, end: datetime) -> Select[Any]:
    return (
        select(*LIGHT)
        .where(run_table.c.status.in_(BAD_ENDS), run_table.c.at > start, run_table.c.at <= end)
        .order_by(run_table.c.at.desc())
        .limit(MOST_BAD)
    )


def _past(past: Sequence[Fields], bad: Sequence[Fields]) -> dict[str, tuple[RunView, ...]]:
    return by_task({row.run_id: row for row in (*past, *bad)}.values())


def _crowded(past: Sequence[Fields], task_id: str) -> datetime | None:
    """Return the oldest of the runs that were read, where there are surely more before it."""
    times = [row.at for row in past if row.task_id == task_id]
    return min(times) if len(times) >= MOST_RUNS else None


def _lane(
    view: TaskView,
    runs: tuple[RunView, ...],
    crowded: datetime | None,
    whole: Decided,
    now: datetime,
    end: datetime,
) -> Lane:
    coming = _coming(view, whole, now, end)
    endless = coming[MOST_COMING - 1] if len(coming) >= MOST_COMING else None
    return Lane(view, runs, tuple(coming[:MOST_COMING]), crowded, endless)


def _coming(view: TaskView, found: Decided, now: datetime, end: datetime) -> list[datetime]:
    if view.state == "paused" or view.paused_by_all:
        return []
    times: list[datetime] = []
    for schedule_id, definition, _ in found.schedules.get(view.id, ()):
        skipped = found.skips.get(schedule_id, frozenset())
        most = min(MOST_COMING, found.left.get(schedule_id, MOST_COMING))
        coming = definition.schedule.between(now, end, limit=most)
        times.extend(time for time in coming if time not in skipped)
    return sorted(times)
