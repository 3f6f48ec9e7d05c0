"""Views as the API's documents, and the names under which they are documented."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.reads.shapes import BackfillView
from app.views import FireTimes, Page, RunView, ScheduleView, TaskView, to_json

# The last run inside a task says how it went; what it did is at its own address.
LAST_RUN = (
    "run_id", "status", "reason", "trigger", "fire_time", "started_at", "ended_at",
    "duration_seconds", "error",
)  # fmt: skip
# Only pages draw the history strip.
HIDDEN = {TaskView: ("recent",)}


def task_document(task: TaskView) -> dict[str, Any]:
    """Write a task without the history strip."""
    document: dict[str, Any] = to_json(task)
    for name in HIDDEN[TaskView]:
        del document[name]
    if task.last_run is not None:
        document["last_run"] = {name: document["last_run"][name] for name in LAST_RUN}
    return document


def runs_document(page: Page[RunView]) -> dict[str, Any]:
    return {"runs": to_json(page.items), "next_cursor": page.next_cursor}


def schedule_document(schedule: ScheduleView, revision: int, made_here: bool) -> dict[str, Any]:
    """Write a schedule with what one needs to change it."""
    document: dict[str, Any] = to_json(schedule)
    return document | {"revision": revision, "source": "console" if made_here else "code"}


def backfill_document(backfill: BackfillView) -> dict[str, Any]:
    document: dict[str, Any] = to_json(backfill)
    return document | {"done": backfill.done}


def fire_times_document(times: FireTimes) -> dict[str, Any]:
    """Write fire times with the offset that holds in the schedule's zone at that time."""
    return {
        "fire_times": [
            {"at": with_offset(time.at), "note": time.note} for time in times.fire_times
        ],
        "text": times.text,
    }


def with_offset(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds" if instant.microsecond else "seconds")
