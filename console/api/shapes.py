"""Views as the API's documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.views import FireTimes, Page, RunView, TaskView, to_json

# The last run inside a task says how it went; what it did is at its own address.
LAST_RUN = (
    "run_id", "status", "reason", "trigger", "fire_time", "started_at", "ended_at",
    "duration_seconds", "error",
)  # fmt: skip


def task_document(task: TaskView) -> dict[str, Any]:
    """Write a task without the history strip, which only pages draw."""
    document: dict[str, Any] = to_json(task)
    del document["recent"]
    if task.last_run is not None:
        document["last_run"] = {name: document["last_run"][name] for name in LAST_RUN}
    return document


def runs_document(page: Page[RunView]) -> dict[str, Any]:
    return {"runs": to_json(page.items), "next_cursor": page.next_cursor}


def fire_times_document(times: FireTimes) -> dict[str, Any]:
    """Write fire times with the offset that holds in the schedule's zone at that time."""
    return {
        "fire_times": [
            {"at": _with_offset(time.at), "note": time.note} for time in times.fire_times
        ],
        "text": times.text,
    }


def _with_offset(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds" if instant.microsecond else "seconds")
