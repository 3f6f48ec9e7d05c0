"""Tasks with their schedules, state and recent runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select

from app.errors import Unknown
from app.reads.decided import Decided, combine, decisions, schedule_ids, schedule_view
from app.reads.live import ask_redis
from app.reads.newest import last_runs_of, newest_runs
from app.reads.overrides import override_json, overrides_of
from app.reads.run_rows import LISTED, run_view
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.roll_ups import EXECUTED, NEVER_EXECUTED
from app.records.schema import last_runs
from app.records.schema import runs as run_table
from app.system import System
from app.tasks import Task
from app.views import RunView, ScheduleView, TaskView

STRIP = 60


def tasks(system: System, now: datetime) -> list[TaskView]:
    """Return every task of the catalogue, by id, with its last run. Raises Unavailable."""
    ids = list(system.catalogue.tasks)
    basis = (*decisions(now), overrides_of(), executed_last(ids))
    with reading(system.database) as connection:
        found = read_together(connection, *basis)
    whole = combine(found, ask_redis(system, now, schedule_ids(found)), now)
    runs = by_task(found[4])
    return [
        task_view(task, whole, now, runs.get(task.id, ()), found[3])
        for task in system.catalogue.tasks.values()
    ]


def task(system: System, task_id: str, now: datetime) -> TaskView:
    """Return one task. Raises Unknown, Unavailable."""
    view, _, _ = task_and_more(system, task_id, now)
    return view


def task_and_more(
    system: System, task_id: str, now: datetime, *more: Select[Any]
) -> tuple[TaskView, Decided, list[list[Fields]]]:
    """Return one task, what holds of it, and the rows of further reads. Raises Unknown."""
    if task_id not in system.catalogue.tasks:
        raise Unknown("task", task_id)
    newest = recent(system, [task_id], now, STRIP)
    basis = (*decisions(now, [task_id]), overrides_of([task_id]), newest)
    with reading(system.database) as connection:
        found = read_together(connection, *basis, *more)
    whole = combine(found, ask_redis(system, now, schedule_ids(found)), now)
    runs = by_task(found[4]).get(task_id, ())
    view = task_view(system.catalogue.tasks[task_id], whole, now, runs, found[3])
    return view, whole, found[len(basis) :]


def recent(
    system: System,
    task_ids: Sequence[str],
    now: datetime,
    limit: int,
    columns: Sequence[ColumnElement[Any]] = LISTED,
) -> Select[Any]:
    """Return the read of each task's newest runs whose time has come."""
    come = run_table.c.at <= now + timedelta(seconds=60)
    return newest_runs(system.database.dialect.name, columns, task_ids, limit, come)


def executed_last(task_ids: Sequence[str]) -> Select[Any]:
    """Return the read of each task's last run that executed."""
    return last_runs_of(LISTED, EXECUTED).where(last_runs.c.task_id.in_(task_ids))


def by_task(
    rows: Iterable[Fields], view: Callable[[Fields], RunView] = run_view
) -> dict[str, tuple[RunView, ...]]:
    """Return the runs of each task, oldest first."""
    found: dict[str, list[RunView]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append(view(row))
    return {
        name: tuple(sorted(views, key=lambda v: (v.at, v.run_id))) for name, views in found.items()
    }


def task_view(
    task: Task[Any, Any],
    found: Decided,
    now: datetime,
    recent: tuple[RunView, ...],
    overridden: Iterable[Fields] = (),
) -> TaskView:
    """Lay catalogue, decisions and recent runs together."""
    schedules = tuple(
        schedule_view(name, definition, following, found, now)
        for name, definition, following in _ordered(task.id, found)
    )
    coming = [s.next_run_at for s in schedules if s.next_run_at is not None]
    pause = found.pauses.get(task.id)
    executed = [run for run in recent if run.status not in NEVER_EXECUTED]
    return TaskView(
        id=task.id,
        name=task.name,
        description=task.description,
        queue=task.queue,
        schedule=schedules[0] if schedules else None,
        schedules=schedules,
        state="paused" if pause else _state(schedules),
        pause=pause,
        next_run_at=min(coming, default=None),
        last_run=executed[-1] if executed else None,
        overlap=task.overlap,
        misfire=task.misfire,
        grace_seconds=task.grace_seconds,
        timeout_seconds=task.timeout_seconds,
        retry=task.retry.to_json(),
        parameters=task.parameters.schema(),
        limits=task.limit.to_json(),
        override=override_json(task.id, overridden),
        paused_by_all=found.everything is not None,
        recent=recent,
    )


def _state(schedules: tuple[ScheduleView, ...]) -> str:
    finished = bool(schedules) and all(one.state == "finished" for one in schedules)
    return "finished" if finished else "active"


def _ordered(task_id: str, found: Decided) -> list[Any]:
    """The task's own schedule first, then the others by id."""
    rows: Mapping[str, Any] = found.schedules
    return sorted(rows.get(task_id, ()), key=lambda row: (row[0] != task_id, row[0]))
