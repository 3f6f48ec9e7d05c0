"""Where a person's decision and the code differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, select

from app.reads.decided import plain_view
from app.reads.shapes import OverrideView
from app.reads.together import Fields
from app.records.schema import overrides, schedules
from app.schedules import ScheduleError, schedule_from_json
from app.views import ScheduleView, rfc3339

ARCHIVED_SHOWN = 5


def overrides_of(task_ids: Sequence[str] | None = None) -> Select[Any]:
    """Return the read of the overrides that hold, of some tasks or of all."""
    found = _overrides().where(overrides.c.archived_at.is_(None))
    return found if task_ids is None else found.where(schedules.c.task_id.in_(task_ids))


def overrides_and_ended(task_id: str) -> Select[Any]:
    """Return the read of a task's overrides, also of those that the code has ended."""
    ended = overrides.c.archived_at.is_not(None)
    newest_first = _overrides().order_by(ended, overrides.c.at.desc())
    return newest_first.where(schedules.c.task_id == task_id).limit(ARCHIVED_SHOWN)


def _overrides() -> Select[Any]:
    return select(
        schedules.c.task_id,
        overrides.c.schedule_id,
        overrides.c.value,
        overrides.c.code_value,
        overrides.c.by,
        overrides.c.at,
        overrides.c.archived_at,
        schedules.c.code_definition,
    ).select_from(overrides.join(schedules, schedules.c.schedule_id == overrides.c.schedule_id))


def still_tells(row: Fields) -> bool:
    """Tell whether an override matters: it holds, or the code has changed since and won.

    One that a person took back does not.
    """
    code = (row.code_definition or {}).get("schedule")
    return row.archived_at is None or code != row.code_value


def override_view(row: Fields) -> OverrideView:
    """Turn an override's row into its view."""
    return OverrideView(
        schedule_id=row.schedule_id,
        text=told(row.value),
        code_text=told(row.code_value),
        by=row.by,
        at=row.at,
        archived_at=row.archived_at,
        schedule=_schedule(row),
    )


def _schedule(row: Fields) -> ScheduleView | None:
    try:
        return plain_view(row.schedule_id, schedule_from_json(row.value)) if row.value else None
    except ScheduleError:
        return None


def override_json(task_id: str, rows: Iterable[Fields]) -> list[dict[str, Any]] | None:
    """Write a task's overrides that hold for the API, None where the code holds."""
    found = [
        {
            "schedule_id": row.schedule_id,
            "field": "schedule",
            "value": row.value,
            "code_value": row.code_value,
            "by": row.by,
            "at": rfc3339(row.at),
        }
        for row in rows
        if row.task_id == task_id and row.archived_at is None
    ]
    return found or None


def told(schedule: Any) -> str:
    """Write a schedule's JSON as a sentence; what cannot be read says so."""
    try:
        return schedule_from_json(schedule).describe() if schedule else "no schedule"
    except ScheduleError as error:
        return f"unreadable ({error})"
