"""Several steps on their way to a Redis that is slow to answer: none takes what has no place."""

from __future__ import annotations

from typing import Any

import pytest

from app import keys
from app.system import System
from tests.processes import wait_until
from tests.worker.crews import results, start_worker, status, trigger

pytestmark = pytest.mark.timeout(90)

SECONDS, PAUSE_MS = 2.5, 4_000


def _queue(system: System, more: str) -> tuple[list[str], list[str]]:
    """Queue runs for every place of one worker, four of them sharing a process; and three."""
    first = [trigger(system, "naps", {"seconds": SECONDS})]
    first += [trigger(system, "shared_waits", {"seconds": SECONDS}) for _ in range(4)]
    return first, [trigger(system, more, {"seconds": 0.1}) for _ in range(3)]


def _pause_once_started(system: System, runs: list[str]) -> None:
    """Let Redis answer no script from the moment at which all run until after all have ended."""
    wait_until(lambda: {status(system, run) for run in runs} == {"started"}, 15, "all to run")
    system.redis.client_pause(PAUSE_MS, all=False)


def _starts(system: System, run_id: str) -> int:
    events: Any = system.redis.xrange(keys.EVENTS)
    found = [(fields[b"run"].decode(), fields[b"status"]) for _, fields in events]
    return found.count((run_id, b"running"))


def test_one_free_child_gets_one_run_however_many_end_meanwhile(worker_system: System) -> None:
    first, later = _queue(worker_system, "naps")
    worker = start_worker(worker_system, "--max-idle-time", "2")
    _pause_once_started(worker_system, first)
    assert worker.wait(40) == 0, worker.output
    assert [_starts(worker_system, run_id) for run_id in first + later] == [1] * 8
    assert len(results(worker_system, first + later)) == 8


def test_a_worker_that_may_run_six_takes_no_seventh_while_it_waits(
    worker_system: System,
) -> None:
    first, later = _queue(worker_system, "shared_waits")
    worker = start_worker(worker_system, "--max-jobs", "6")
    _pause_once_started(worker_system, first)
    assert worker.wait(40) == 0, worker.output
    assert [status(worker_system, run_id) for run_id in first] == ["finished"] * 5
    assert sorted(status(worker_system, run_id) for run_id in later) == [
        "finished",
        "queued",
        "queued",
    ]
