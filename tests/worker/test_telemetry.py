"""What runs use, and where they are when somebody asks."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from app import actions, reads
from app.actions import Actor
from app.errors import Conflict, Forbidden
from app.system import System
from app.views import RunView, StackView
from tests.fixtures import OPERATOR
from tests.processes import start_process, wait_until
from tests.worker.crews import burst, ended, environment, start_worker, trigger, wait_for

pytestmark = pytest.mark.timeout(90)

MB = 1024 * 1024


def live(system: System, run_id: str, name: str) -> Any:
    """Wait until a running run's view has something, and return it."""
    wait_until(lambda: getattr(reads.run(system, run_id), name) is not None, 8, name)
    return getattr(reads.run(system, run_id), name)


def stack(system: System, run_id: str) -> str:
    actions.sample_stack(system, OPERATOR, run_id)
    found = live(system, run_id, "stack")
    assert isinstance(found, StackView)
    return found.text


def test_the_history_tells_what_a_run_used(worker_system: System) -> None:
    before = trigger(worker_system, "behaves")
    works = trigger(worker_system, "works", {"seconds": 0.5, "megabytes": 80})
    after = trigger(worker_system, "behaves")
    burst(worker_system)
    small, big, later = (ended(worker_system, run_id) for run_id in (before, works, after))
    assert 0.45 < (big.cpu_seconds or 0) < 1.0
    assert (small.cpu_seconds or 9) < 0.1
    assert (later.cpu_seconds or 9) < 0.1
    assert (big.max_rss_bytes or 0) > (small.max_rss_bytes or 0) + 75 * MB
    # What the big one held is not held against the next.
    assert (later.max_rss_bytes or 0) < (big.max_rss_bytes or 0) - 40 * MB


def test_what_a_program_of_the_run_used_counts(worker_system: System) -> None:
    run_id = trigger(worker_system, "works_in_a_program")
    burst(worker_system)
    assert (ended(worker_system, run_id).cpu_seconds or 0) > 0.4


def test_a_running_run_shows_what_it_uses_now(worker_system: System) -> None:
    run_id = trigger(worker_system, "works", {"seconds": 20, "megabytes": 80})
    start_worker(worker_system)
    assert live(worker_system, run_id, "rss_bytes") > 80 * MB
    run: RunView = reads.run(worker_system, run_id)
    assert (run.cpu_seconds or 0) > 0.1
    assert not run.memory_shared
    actions.stop(worker_system, OPERATOR, run_id)
    wait_for(worker_system, run_id, "stopped")
    killed = ended(worker_system, run_id)
    assert (killed.cpu_seconds or 0) > 0.1
    assert (killed.max_rss_bytes or 0) > 80 * MB


def test_of_a_shared_process_it_is_said(worker_system: System) -> None:
    run_id = trigger(worker_system, "shared_awaits", {"seconds": 3})
    thread = trigger(worker_system, "shared_works", {"seconds": 0.4})
    start_worker(worker_system)
    live(worker_system, run_id, "rss_bytes")
    assert reads.run(worker_system, run_id).memory_shared
    wait_for(worker_system, run_id, "finished")
    assert ended(worker_system, run_id).cpu_seconds is None
    assert 0.35 < (ended(worker_system, thread).cpu_seconds or 0) < 0.8


@pytest.mark.parametrize(
    ("task_id", "words"),
    [
        ("naps", "time.sleep(seconds)"),
        ("works_in_native_code", "sum(range(150_000_000))  # in one call"),
        ("shared_waits", "time.sleep(seconds)"),
        ("shared_awaits_deeply", "await asyncio.sleep(seconds)  # the innermost"),
    ],
)
def test_where_a_run_is_can_be_asked(worker_system: System, task_id: str, words: str) -> None:
    run_id = trigger(worker_system, task_id, {"seconds": 8})
    other = trigger(worker_system, "shared_asks_to_stop")
    start_worker(worker_system)
    wait_for(worker_system, run_id, "started")
    wait_for(worker_system, other, "started")
    time.sleep(0.5)
    begun = time.monotonic()
    text = stack(worker_system, run_id)
    assert time.monotonic() - begun < 4
    assert words in text
    assert "/app/" not in text
    assert "stop_requested" not in text
    # Asking harms nothing.
    wait_for(worker_system, run_id, "finished", timeout=40)


def test_the_command_line_shows_where_a_run_is(worker_system: System) -> None:
    run_id = trigger(worker_system, "naps", {"seconds": 30})
    command = [sys.executable, "-m", "app", "runs", "stack", run_id]
    early = start_process(command, environment(worker_system))
    assert early.wait(15) == 1
    assert "The run is queued: to see where it is, it has to be running." in early.output
    start_worker(worker_system)
    wait_for(worker_system, run_id, "started")
    asked = start_process(command, environment(worker_system))
    assert asked.wait(15) == 0, asked.output
    assert asked.output.startswith(f"{run_id}, ")
    assert "time.sleep(seconds)" in asked.output


def test_only_of_a_running_run_and_by_an_operator(worker_system: System) -> None:
    run_id = trigger(worker_system, "naps")
    with pytest.raises(Conflict):
        actions.sample_stack(worker_system, OPERATOR, run_id)
    with pytest.raises(Forbidden):
        actions.sample_stack(worker_system, Actor("eve", "viewer", "api"), run_id)
