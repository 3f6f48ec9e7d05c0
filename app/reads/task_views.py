"""Tasks with their schedules, state and recent runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, union_all

from app.errors import Unknown
from app.reads.decided import Decided, decided, schedule_view
from app.reads.run_rows import LIGHT, run_view
from app.records.database import reading
from app.records.schema import runs as run_table
from app.system import System
from app.tasks import Task
from app.views import RunView, TaskView

STRIP = 60
# One statement may have 500 parts on SQLite.
TASKS_A_QUERY = 100


def tasks(system: System, now: datetime) -> list[TaskView]:
    """Return every task of the catalogue, by id. Raises Unavailable."""
    found = decided(system, now)
    recent = recent_runs(system, system.catalogue.tasks, now)
    return [
        task_view(task, found, recent.get(task.id, ())) for task in system.catalogue.tasks.values()
    ]


def task(system: System, task_id: str, now: datetime) -> TaskView:
    """Return one task. Raises Unknown, Unavailable."""
    if task_id not in system.catalogue.tasks:
        raise Unknown("task", task_id)
    found = decided(system, now)
    recent = recent_runs(system, [task_id], now)
    return task_view(system.catalogue.tasks[task_id], found, recent.get(task_id, ()))


def recent_runs(
    system: System, task_ids: Iterable[str], now: datetime, limit: int = STRIP
) -> dict[str, tuple[RunView, ...]]:
    """Return each task's newest runs whose time has come, oldest first."""
    names = list(task_ids)
    found: dict[str, list[RunView]] = {}
    with reading(system.database) as connection:
        for start in range(0, len(names), TASKS_A_QUERY):
            parts = [_newest(name, now, limit) for name in names[start : start + TASKS_A_QUERY]]
            for row in connection.execute(union_all(*parts)):
                found.setdefault(row.task_id, []).append(run_view(row))
    return {
        name: tuple(sorted(views, key=lambda v: (v.at, v.run_id))) for name, views in found.items()
    }


def task_view(task: Task[Any, Any], found: Decided, recent: tuple[RunView, ...]) -> TaskView:
    """Lay catalogue, decisions and recent runs together."""
    schedules = tuple(schedule_view(*row) for row in _ordered(task.id, found))
    coming = [s.next_run_at for s in schedules if s.next_run_at is not None]
    pause = found.pauses.get(task.id)
    # What never executed tells nothing about how the last run went.
    executed = [run for run in recent if run.status not in ("skipped", "missed", "scheduled")]
    return TaskView(
        id=task.id,
        name=task.name,
        description=task.description,
        queue=task.queue,
        schedule=schedules[0] if schedules else None,
        schedules=schedules,
        state="paused" if pause else "active",
        pause=pause,
        next_run_at=min(coming, default=None),
        last_run=executed[-1] if executed else None,
        overlap=task.overlap,
        misfire=task.misfire,
        grace_seconds=task.grace_seconds,
        timeout_seconds=task.timeout_seconds,
        retry=task.retry.to_json(),
        parameters=task.parameters.schema(),
        paused_by_all=found.everything is not None,
        recent=recent,
    )


def _ordered(task_id: str, found: Decided) -> list[Any]:
    """The task's own schedule first, then the others by id."""
    rows: Mapping[str, Any] = found.schedules
    return sorted(rows.get(task_id, ()), key=lambda row: (row[0] != task_id, row[0]))


def _newest(task_id: str, now: datetime, limit: int) -> Any:
    newest = (
        select(*LIGHT)
        .where(run_table.c.task_id == task_id, run_table.c.at <= now + timedelta(seconds=60))
        .order_by(run_table.c.at.desc(), run_table.c.run_id.desc())
        .limit(limit)
        .subquery()
    )
    return select(newest)
