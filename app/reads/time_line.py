"""The rota: what ran in the past 12 hours, what fires in the coming 12."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from app.reads.decided import Decided, combine, decisions, schedule_ids
from app.reads.deploys import deploys_since
from app.reads.live import ask_redis
from app.reads.newest import newest_runs
from app.reads.overview import overview_from, reads_of_overview
from app.reads.problems import BAD_ENDS
from app.reads.run_rows import DRAWN, drawn_view
from app.reads.task_views import by_task, executed_last, task_view
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import runs as run_table
from app.system import System
from app.views import Overview, RunView, TaskView

WINDOW = timedelta(hours=12)
# More than a pixel apart on a wide screen.
MOST_COMING = 150
# Of each task, so that one which runs every few seconds does not push the others off the page.
MOST_RUNS = 150
# What went wrong stays in sight even where a task's runs are too many to be drawn.
MOST_BAD = 300
MOST_LANES = 15


@dataclass(frozen=True, slots=True)
class Lane:
    """One task's row on the time line: past runs and coming fire times in the window.

    Of a task that runs all the time only the newest are here: there are more before `crowded`,
    and more fire times after `endless`.
    """

    task: TaskView
    runs: tuple[RunView, ...]
    coming: tuple[datetime, ...]
    crowded: datetime | None = None
    endless: datetime | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """The time line; `following` is the last task's id where there are more."""

    now: datetime
    start: datetime
    end: datetime
    lanes: tuple[Lane, ...]
    overview: Overview
    releases: tuple[datetime, ...] = ()
    following: str | None = None


def today(system: System, now: datetime, after: str = "") -> Today:
    """Return one lane a task, from the id `after` on, and how the whole stands.

    Raises Unavailable.
    """
    start, end = now - WINDOW, now + WINDOW
    later = sorted(task_id for task_id in system.catalogue.tasks if task_id > after)
    names = later[:MOST_LANES]
    between = run_table.c.at > start, run_table.c.at <= end
    with reading(system.database) as connection:
        found = read_together(
            connection,
            *decisions(now, names),
            executed_last(names),
            newest_runs(system.database.dialect.name, DRAWN, names, MOST_RUNS, *between),
            _bad_runs(start, end),
            deploys_since(start),
            *reads_of_overview(system.database.dialect.name, now),
        )
    newest, past, bad, released, *lately = found[3:]
    live = ask_redis(system, now, schedule_ids(found))
    whole = combine(found, live, now)
    runs, last = _past(past, bad), by_task(newest)
    views = [
        task_view(system.catalogue.tasks[name], whole, now, last.get(name, ())) for name in names
    ]
    lanes = tuple(
        _lane(view, runs.get(view.id, ()), _crowded(past, view.id), whole, now, end)
        for view in views
    )
    deploys = tuple(row.at for row in released)
    following = names[-1] if len(later) > len(names) else None
    overview = overview_from(system, live, lately, now)
    return Today(now, start, end, lanes, overview, deploys, following)


def _bad_runs(start: datetime, end: datetime) -> Select[Any]:
    return (
        select(*DRAWN)
        .where(run_table.c.status.in_(BAD_ENDS), run_table.c.at > start, run_table.c.at <= end)
        .order_by(run_table.c.at.desc())
        .limit(MOST_BAD)
    )


def _past(past: Sequence[Fields], bad: Sequence[Fields]) -> dict[str, tuple[RunView, ...]]:
    return by_task({row.run_id: row for row in (*past, *bad)}.values(), drawn_view)


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
