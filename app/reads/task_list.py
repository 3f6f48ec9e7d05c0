"""Lists of tasks: as much is read as a page shows, however many there are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select

from app.errors import Invalid
from app.reads.cursors import checked_limit
from app.reads.decided import combine, decisions, schedule_ids
from app.reads.frame import frame_from, reads_of_frame
from app.reads.live import ask_redis
from app.reads.overrides import overrides_of
from app.reads.run_rows import DRAWN, drawn_view, run_view
from app.reads.shapes import FrameView, TaskPage
from app.reads.task_views import by_task, executed_last, recent, task_view
from app.reads.together import read_together
from app.records.database import reading
from app.system import System
from app.views import TaskView

LONGEST_SEARCH = 200


def task_list(
    system: System, now: datetime, *, q: str = "", after: str = "", limit: int, strip: int = 0
) -> tuple[TaskPage, FrameView]:
    """Return the tasks whose id or name holds every word of `q`, from the id `after` on.

    With `strip` each has so many of its newest runs, as far as they are drawn, else only the last
    that executed. One query, one Redis round trip. Raises Invalid, Unavailable.
    """
    if len(q) > LONGEST_SEARCH:
        raise Invalid("The search is too long.", {"q": f"at most {LONGEST_SEARCH} characters"})
    fitting = _fitting(system, q)
    later = [task_id for task_id in fitting if task_id > after]
    shown = later[: checked_limit(limit)]
    views, around = _read(system, now, shown, strip)
    following = shown[-1] if len(later) > len(shown) else None
    page = TaskPage(tuple(views), len(fitting), len(system.catalogue.tasks), following)
    return page, around


def _fitting(system: System, q: str) -> list[str]:
    words = q.lower().split()
    return sorted(
        task_id
        for task_id, task in system.catalogue.tasks.items()
        if all(word in task_id.lower() or word in task.name.lower() for word in words)
    )


def _read(
    system: System, now: datetime, task_ids: list[str], strip: int
) -> tuple[list[TaskView], FrameView]:
    newest: Select[tuple[object, ...]] = (
        recent(system, task_ids, now, strip, DRAWN) if strip else executed_last(task_ids)
    )
    basis = (*decisions(now, task_ids), overrides_of(task_ids), newest)
    with reading(system.database) as connection:
        found = read_together(connection, *basis, *reads_of_frame(now))
    live = ask_redis(system, now, schedule_ids(found))
    whole = combine(found, live, now)
    runs = by_task(found[4], drawn_view if strip else run_view)
    views = [
        task_view(system.catalogue.tasks[task_id], whole, now, runs.get(task_id, ()), found[3])
        for task_id in task_ids
    ]
    around, _ = frame_from(system, live, found[len(basis) :], now)
    return views, around
