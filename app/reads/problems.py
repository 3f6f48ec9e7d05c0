"""What needs a person, in words that say what it means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from app.catalogue import Catalogue
from app.reads.decided import pause_view
from app.reads.live import Live
from app.reads.together import Fields
from app.records.pauses import EVERYTHING, QUEUE
from app.views import PauseView, Problem, QueueView, RunView

SILENT = timedelta(seconds=15)
# Redis's own rarest saving by default is hourly.
LONGEST_UNSAVED = timedelta(hours=2)
# Nothing to do: it is told, and counts for nothing.
NOTE = "note"
BAD_ENDS = ("failed", "lost", "expired", "quarantined")


@dataclass(frozen=True)
class LastRun:
    """How a task's last run went."""

    task_id: str
    name: str
    run: RunView


@dataclass(frozen=True)
class Status:
    """What Redis says, and of SQL the pauses of everything and of queues, the fire times that
    were missed of each task, and the newest run of each cause that was put aside."""

    live: Live
    paused: Sequence[Fields]
    missed: Sequence[Fields] = ()
    dismissed: frozenset[str] = frozenset()

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


def problems_of(
    whole: Status, last: Iterable[LastRun], catalogue: Catalogue, now: datetime
) -> tuple[Problem, ...]:
    """Return everything that needs a person, the gravest first, and what is merely told."""
    return (
        *process_problems(whole.live, now),
        *queue_problems(whole.queues),
        *run_problems(last, whole.dismissed),
        *missed_problems(whole.missed, catalogue),
    )


def status_of(live: Live, problems: Sequence[Problem]) -> str:
    """Return ok, degraded or down."""
    if live.away or any(problem.severity == "down" for problem in problems):
        return "down"
    return "degraded" if needing(problems) else "ok"


def process_problems(live: Live, now: datetime) -> Iterator[Problem]:
    """Tell of processes that are missing."""
    if live.away:
        yield Problem("redis", f"{live.away} Nothing fires and nothing runs.", severity="down")
        return
    yield from _safety_problems(live, now)
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


def _safety_problems(live: Live, now: datetime) -> Iterator[Problem]:
    """Tell of a Redis that may lose what waits in it."""
    if live.policy not in ("", "noeviction"):
        text = (
            f"Redis may throw runs away when it is full: its maxmemory-policy is {live.policy}; "
            "set noeviction."
        )
        yield Problem("redis", text)
    if live.unsaved_since is not None and now - live.unsaved_since > LONGEST_UNSAVED:
        text = (
            "Redis has saved nothing for hours, so a restart loses what waits: set appendonly yes."
        )
        yield Problem("redis", text)


def queue_problems(queues: Iterable[QueueView]) -> Iterator[Problem]:
    """Tell of queues in which work waits for nobody, unless somebody paused them."""
    for queue in queues:
        if queue.depth and not queue.workers and queue.pause is None:
            runs = "1 run waits" if queue.depth == 1 else f"{queue.depth} runs wait"
            yield Problem("queue", f"{runs} in {queue.name}, which no worker listens on.")


def run_problems(last: Iterable[LastRun], dismissed: frozenset[str]) -> Iterator[Problem]:
    """Tell of tasks whose last run ended badly, unless somebody put just that aside."""
    for one in last:
        run = one.run
        if run.status in BAD_ENDS and run.run_id not in dismissed:
            why = f": {run.reason}" if run.reason else ""
            text = f"{one.name}: the last run {_ended(run.status)}{why}."
            yield Problem("run", text, one.task_id, run.run_id)


def missed_problems(missed: Sequence[Fields], catalogue: Catalogue) -> Iterator[Problem]:
    """Tell of tasks that have not run since they missed a fire time; of the others only that."""
    calm = []
    for row in missed:
        if row.ran_since:
            calm.append(row)
        else:
            task = catalogue.tasks.get(row.task_id)
            name = task.name if task else row.task_id
            text = f"{name}: {_missed(row.number)}, and it has not run since."
            yield Problem("missed", text, row.task_id, since=row.first, until=row.last)
    if calm:
        text = f"{_missed(sum(row.number for row in calm))}, and each task has run since."
        span = {"since": min(row.first for row in calm), "until": max(row.last for row in calm)}
        yield Problem("missed", text, severity=NOTE, **span)


def needing(problems: Iterable[Problem]) -> int:
    """Count what needs a person."""
    return sum(problem.severity != NOTE for problem in problems)


def _missed(number: int) -> str:
    return "1 fire time was missed" if number == 1 else f"{number} fire times were missed"


def _ended(status: str) -> str:
    return {"lost": "was lost", "quarantined": "was put in quarantine"}.get(status, status)
