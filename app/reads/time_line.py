"""The rota: what ran in the past 12 hours, what fires in the coming 12."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from app.reads.decided import Decided, decided
from app.reads.run_rows import LIGHT, run_view
from app.reads.standing import overview
from app.reads.task_views import recent_runs, task_view
from app.records.database import reading
from app.records.schema import runs as run_table
from app.system import System
from app.views import Lane, RunView, TaskView, Today

WINDOW = timedelta(hours=12)
# More than a pixel apart on a wide screen.
MOST_COMING = 150
MOST_RUNS = 5_000


def today(system: System, now: datetime) -> Today:
    """Return one lane a task, and how the whole stands. Raises Unavailable."""
    found = decided(system, now)
    recent = recent_runs(system, system.catalogue.tasks, now)
    views = [
        task_view(task, found, recent.get(task.id, ())) for task in system.catalogue.tasks.values()
    ]
    start, end = now - WINDOW, now + WINDOW
    past = _runs(system, start, end)
    lanes = tuple(
        Lane(view, tuple(past.get(view.id, ())), tuple(_coming(view, found, now, end)))
        for view in views
    )
    return Today(now, start, end, lanes, overview(system, now, views))


def _runs(system: System, start: datetime, end: datetime) -> dict[str, list[RunView]]:
    statement = (
        select(*LIGHT)
        .where(run_table.c.at > start, run_table.c.at <= end)
        .order_by(run_table.c.at.desc(), run_table.c.run_id.desc())
        .limit(MOST_RUNS)
    )
    found: dict[str, list[RunView]] = {}
    with reading(system.database) as connection:
        for row in connection.execute(statement):
            found.setdefault(row.task_id, []).append(run_view(row))
    return {task_id: views[::-1] for task_id, views in found.items()}


def _coming(view: TaskView, found: Decided, now: datetime, end: datetime) -> Iterable[datetime]:
    if view.state == "paused" or view.paused_by_all:
        return []
    times: list[datetime] = []
    for schedule_id, definition, _ in found.schedules.get(view.id, ()):
        skipped = found.skips.get(schedule_id, frozenset())
        coming = definition.schedule.between(now, end, limit=MOST_COMING)
        times.extend(time for time in coming if time not in skipped)
    return sorted(times)[:MOST_COMING]
