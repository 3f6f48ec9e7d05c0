"""What a run started ends with its worker, also where that one is killed."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from app.system import System
from tests.processes import kill, wait_until
from tests.worker.crews import alive, children, start_worker, trigger


@pytest.mark.parametrize("task_id", ["spawns_and_waits", "spawns_and_hangs", "shared_spawns"])
def test_programs_of_a_run_end_with_a_killed_worker(
    worker_system: System, tmp_path: Path, task_id: str
) -> None:
    told = tmp_path / "pids"
    trigger(worker_system, task_id, {"told": str(told)})
    worker = start_worker(worker_system)
    wait_until(told.exists, 15, "the programs")
    pids: list[int] = json.loads(told.read_text())
    assert all(alive(pid) for pid in pids)
    below: Any = children(worker.pid)
    kill(worker, signal.SIGKILL)
    wait_until(lambda: not any(alive(pid) for pid in [*pids, *below]), 1, "the end of all")


def test_a_worker_that_stops_leaves_no_process(worker_system: System) -> None:
    worker = start_worker(worker_system)
    wait_until(lambda: len(children(worker.pid)) == 2, 10, "child and sweeper")
    below = children(worker.pid)
    kill(worker, signal.SIGTERM)
    assert worker.wait(10) == 0
    assert not any(alive(pid) for pid in below)
