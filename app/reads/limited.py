"""Tasks that never fire again: their schedules have an end, or may start only so many runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, text

from app.definitions import canonical, parsed
from app.reads.together import Fields
from app.records.limited_schedules import LIMITED
from app.records.schema import schedules


def limited_schedules(dialect: str) -> Select[Any]:
    """Return the read of all schedules of the tasks that have one with an end or a limit."""
    theirs = select(schedules.c.task_id).where(text(LIMITED[dialect]))
    return select(schedules.c.task_id, schedules.c.definition, schedules.c.fired).where(
        schedules.c.retired_at.is_(None), schedules.c.task_id.in_(theirs)
    )


def finished_tasks(rows: Iterable[Fields], now: datetime) -> set[str]:
    """Return the tasks of which no schedule fires again."""
    over: dict[str, bool] = {}
    for row in rows:
        over[row.task_id] = over.get(row.task_id, True) and _is_over(row, now)
    return {task_id for task_id, every in over.items() if every}


def _is_over(row: Fields, now: datetime) -> bool:
    schedule = parsed(canonical(row.definition)).schedule
    spent = schedule.max_runs is not None and row.fired >= schedule.max_runs
    return spent or (schedule.end is not None and schedule.next(now) is None)
