"""What needs a person, in words that say what it means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.views import Problem, QueueView, TaskView

SILENT = timedelta(seconds=15)
BAD_ENDS = ("failed", "lost", "expired", "quarantined")


def process_problems(
    redis_away: str | None,
    schedulers: Mapping[str, Mapping[str, Any]],
    workers: Mapping[str, Any],
    quarantined: int,
    now: datetime,
) -> Iterator[Problem]:
    """Tell of processes that are missing."""
    if redis_away:
        yield Problem("redis", f"{redis_away} Nothing fires and nothing runs.", severity="down")
        return
    leads = [
        note
        for note in schedulers.values()
        if note.get("leads") and now - datetime.fromisoformat(note["at"]) <= SILENT
    ]
    if not leads:
        text = "No scheduler is running: nothing fires. Start `python -m app scheduler`."
        yield Problem("scheduler", text, severity="down")
    if not workers:
        text = "No worker is running: runs wait in their queues. Start `python -m app worker`."
        yield Problem("workers", text, severity="down")
    if quarantined:
        text = f"{quarantined} broken or foreign entries were set aside; nothing waits for them."
        yield Problem("quarantine", text)


def queue_problems(queues: Iterable[QueueView]) -> Iterator[Problem]:
    """Tell of queues in which work waits for nobody."""
    for queue in queues:
        if queue.depth and not queue.workers:
            runs = "1 run waits" if queue.depth == 1 else f"{queue.depth} runs wait"
            yield Problem("queue", f"{runs} in {queue.name}, which no worker listens on.")


def run_problems(tasks: Iterable[TaskView], counts: Mapping[str, int]) -> Iterator[Problem]:
    """Tell of tasks whose last run ended badly, and of fire times that were missed."""
    for task in tasks:
        last = task.last_run
        if last is not None and last.status in BAD_ENDS:
            why = f": {last.reason}" if last.reason else ""
            text = f"{task.name}: the last run {_ended(last.status)}{why}."
            yield Problem("run", text, task.id, last.run_id)
    if missed := counts.get("missed", 0):
        times = "1 fire time was" if missed == 1 else f"{missed} fire times were"
        yield Problem("missed", f"{times} missed in the last 24 hours.")


def _ended(status: str) -> str:
    return {"lost": "was lost", "quarantined": "was put in quarantine"}.get(status, status)
