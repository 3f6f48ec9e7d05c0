"""Take runs and end them in every way, in this process, through the worker's own scripts."""

from __future__ import annotations

from app.execution import RunExecution
from app.outcomes import Outcome
from app.system import System
from app.taking import Taken, advance, take
from tests.engine.stage import QUEUES

WORKER = "hand"


def begin(system: System, worker: str = WORKER) -> Taken | None:
    """Take the next run, None where nothing may start."""
    return take(system.redis, system.catalogue, worker, QUEUES)


def end(system: System, taken: Taken, kind: str = "succeeded", result: object = None) -> bool:
    """Write how a taken run ended; return whether it was still this execution's to write."""
    execution = RunExecution(system.redis, taken, WORKER)
    execution.settle(Outcome(kind, result=result, reason=None if kind == "succeeded" else kind))
    ended, _ = execution.ended()
    return advance(system.redis, system.catalogue, WORKER, (), ended).written


def run_next(system: System, kind: str = "succeeded", result: object = None) -> str:
    """Take the next run and end it; return its id."""
    taken = begin(system)
    assert taken, "nothing waits"
    assert end(system, taken, kind, result)
    return taken.run_id


def run_all(system: System) -> list[str]:
    """Take and end well all that waits; return the ids in order."""
    done = []
    while taken := begin(system):
        assert end(system, taken)
        done.append(taken.run_id)
    return done
