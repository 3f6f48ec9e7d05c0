"""What needs a person, in words that say what it means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from app.reads.decided import pause_view
from app.reads.live import Live
from app.reads.together import Fields
from app.records.pauses import EVERYTHING, QUEUE
from app.views import PauseView, Problem, QueueView, RunView

SILENT = timedelta(seconds=15)
BAD_ENDS = ("failed", "lost", "expired", "quarantined")


@dataclass(frozen=True)
class LastRun:
    """How a task's last run went."""

    task_id: str
    name: str
    run: RunView


@dataclass(frozen=True)
class Status:
    """What Redis says, and of SQL the pauses of everything and of queues."""

    live: Live
    paused: Sequence[Fields]
    missed: int

    @cached_property
    def everything(self) -> PauseView | None:
        """The pause of everything, where it holds."""
        return self._pauses.get(EVERYTHING)

    @cached_property
    def queues(self) -> tuple[QueueView, ...]:
        """The queues, with their pauses."""
        return tuple(
            replace(queue, pause=self._pauses.get(QUEUE + queue.name)) for queue in self.live.queues
        )

    @cached_property
    def _pauses(self) -> dict[str, PauseView]:
        return {row.scope: pause_view(row) for row in self.paused}


def problems_of(whole: Status, last: Iterable[LastRun], now: datetime) -> tuple[Problem, ...]:
    """Return everything that needs a person, the gravest first."""
    return (
        *process_problems(whole.live, now),
        *queue_problems(whole.queues),
        *run_problems(last, whole.missed),
    )


def status_of(live: Live, problems: Sequence[Problem]) -> str:
    """Return ok, degraded or down."""
    if live.away or any(problem.severity == "down" for problem in problems):
        return "down"
    return "degraded" if problems else "ok"


def process_problems(live: Live, now: datetime) -> Iterator[Problem]:
    """Tell of processes that are missing."""
    if live.away:
        yield Problem("redis", f"{live.away} Nothing fires and nothing runs.", severity="down")
        return
    if not any(one.leads and now - one.seen_at <= SILENT for one in live.schedulers):
        text = "No scheduler is running: nothing fires. Start `python -m app scheduler`."
        yield Problem("scheduler", text, severity="down")
    if not live.workers:
        text = "No worker is running: runs wait in their queues. Start `python -m app worker`."
        yield Problem("workers", text, severity="down")
    if live.suspended:
        text = "All workers are suspended by `rq suspend`: nothing runs until `rq resume`."
        yield Problem("workers", text, severity="down")
    if live.quarantined:
        entries = "entry was" if live.quarantined == 1 else "entries were"
        text = f"{live.quarantined} broken or foreign {entries} set aside; nothing waits for them."
        yield Problem("quarantine", text)


def queue_problems(queues: Iterable[QueueView]) -> Iterator[Problem]:
    """Tell of queues in which work waits for nobody, unless somebody paused them."""
    for queue in queues:
        if queue.depth and not queue.workers and queue.pause is None:
            runs = "1 run waits" if queue.depth == 1 else f"{queue.depth} runs wait"
            yield Problem("queue", f"{runs} in {queue.name}, which no worker listens on.")


def run_problems(last: Iterable[LastRun], missed: int) -> Iterator[Problem]:
    """Tell of tasks whose last run ended badly, and of fire times that were missed."""
    for one in last:
        run = one.run
        if run.status in BAD_ENDS:
            why = f": {run.reason}" if run.reason else ""
            text = f"{one.name}: the last run {_ended(run.status)}{why}."
            yield Problem("run", text, one.task_id, run.run_id)
    if missed:
        times = "1 fire time was" if missed == 1 else f"{missed} fire times were"
        yield Problem("missed", f"{times} missed in the last 24 hours.")


def _ended(status: str) -> str:
    return {"lost": "was lost", "quarantined": "was put in quarantine"}.get(status, status)
