"""Runs that follow each other: chains of steps, and groups that run side by side.

Each step waits for all of the step before, in RQ's own deferred registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from app.dependencies import MOST_DEPENDENCIES
from app.enqueueing import Waits, enqueue_together, new_run
from app.errors import Invalid

if TYPE_CHECKING:
    from app.run_jobs import NewRun
    from app.tasks import Task

# They are accepted in one step, and Redis serves nobody else meanwhile.
MOST_RUNS = 1_000
MOST_WAITS = 10_000


@dataclass(frozen=True)
class Signature:
    """A call of a task that is made later; `task.s(…)` returns one."""

    task: Task[Any, Any]
    arguments: Mapping[str, Any]


class Group:
    """Runs that go on side by side."""

    def __init__(self, *signatures: Signature) -> None:
        if not signatures:
            raise Invalid("A group of nothing.", {"group": "at least one task.s(…)"})
        for each in signatures:
            if not isinstance(each, Signature):
                raise Invalid("A group holds calls of tasks.", {"group": "task.s(…), task.s(…)"})
        if len(signatures) > MOST_DEPENDENCIES:
            raise Invalid("Too many.", {"group": f"at most {MOST_DEPENDENCIES:,} runs"})
        self.signatures = signatures

    def then(self, *steps: Signature | Group, allow_failure: bool = False) -> Chain:
        """Return a chain that goes on when all of the group have ended."""
        return Chain(self, *steps, allow_failure=allow_failure)

    def enqueue(self, *, key: str | None = None) -> list[str]:
        """Queue all of it in one step; return the run ids. Raises Invalid, Unavailable."""
        return Chain(self).enqueue(key=key)


class Chain:
    """Steps that follow each other; a group among them is one step."""

    def __init__(self, *steps: Signature | Group, allow_failure: bool = False) -> None:
        if not steps:
            raise Invalid("A chain of nothing.", {"chain": "at least one task.s(…)"})
        self.steps = tuple(step if isinstance(step, Group) else Group(step) for step in steps)
        self.allow_failure = allow_failure
        sizes = [len(step.signatures) for step in self.steps]
        if sum(sizes) > MOST_RUNS:
            raise Invalid("Too many.", {"chain": f"at most {MOST_RUNS:,} runs"})
        if max((a * b for a, b in pairwise(sizes)), default=0) > MOST_WAITS:
            raise Invalid(
                "Too many wait for too many.",
                {"chain": f"at most {MOST_WAITS:,} pairs; put a task between two large groups"},
            )

    def enqueue(self, *, key: str | None = None) -> list[str]:
        """Queue all of it in one step; return the run ids in order, the last step's last.

        The same `key` gives the same runs. Raises Invalid (nothing is queued then), Unavailable.
        """
        runs = self._runs(datetime.now(UTC), key)
        enqueue_together(runs)
        return [run.run_id for run in runs]

    def _runs(self, now: datetime, key: str | None) -> list[NewRun]:
        made: list[NewRun] = []
        waits = Waits()
        for number, step in enumerate(self.steps):
            runs = [
                new_run(each.task, each.arguments, now, key, f"{number}.{place}", waits)
                for place, each in enumerate(step.signatures)
            ]
            made += runs
            waits = Waits(tuple(run.run_id for run in runs), self.allow_failure)
        return made


def chain(*steps: Signature | Group, allow_failure: bool = False) -> Chain:
    """Let each step wait for all of the step before; `chain(a.s(1), b.s()).enqueue()`.

    With `allow_failure` a step follows however the one before ended. Raises Invalid.
    """
    return Chain(*steps, allow_failure=allow_failure)


def group(*signatures: Signature) -> Group:
    """Let runs go on side by side; `group(a.s(1), a.s(2)).then(b.s()).enqueue()`."""
    return Group(*signatures)
