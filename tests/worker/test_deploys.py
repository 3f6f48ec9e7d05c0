"""Deploys in the middle of runs fail nothing."""

from __future__ import annotations

import signal
import time

import pytest

from app import keys
from app.system import System
from tests.processes import Process, kill, wait_until
from tests.worker.crews import ended, start_worker, status, trigger, wait_for

pytestmark = pytest.mark.timeout(120)


def deploy(worker: Process) -> None:
    """Signal every process of a dyno, and again, as a host does that has no patience."""
    kill(worker, signal.SIGTERM, group=True)
    time.sleep(0.1)
    kill(worker, signal.SIGTERM, group=True)
    assert worker.wait(5) == 0, worker.output


def test_five_deploys_in_the_middle_of_runs_fail_nothing(worker_system: System) -> None:
    runs = [trigger(worker_system, "naps", {"seconds": 1.2}) for _ in range(6)]
    for _ in range(5):
        worker = start_worker(worker_system, "--concurrency", "2")
        wait_until(lambda: worker_system.redis.zcard(keys.started("default")) == 2, 10, "two runs")
        time.sleep(0.3)
        deploy(worker)
        assert worker_system.redis.zcard(keys.started("default")) == 0
    start_worker(worker_system, "--concurrency", "3")
    for run_id in runs:
        wait_for(worker_system, run_id, "finished", timeout=20)
    attempts = [ended(worker_system, run_id).attempt for run_id in runs]
    assert attempts == [1] * 6


def test_what_was_interrupted_goes_to_the_front(worker_system: System) -> None:
    first = trigger(worker_system, "naps", {"seconds": 30})
    worker = start_worker(worker_system)
    wait_for(worker_system, first, "started")
    later = trigger(worker_system, "behaves")
    deploy(worker)
    queued = worker_system.redis.lrange(keys.queue("default"), 0, -1)
    assert queued == [first.encode(), later.encode()]


def test_a_draining_worker_takes_no_more_and_lets_its_run_end(worker_system: System) -> None:
    first = trigger(worker_system, "naps", {"seconds": 1.5})
    later = trigger(worker_system, "behaves")
    worker = start_worker(worker_system)
    wait_for(worker_system, first, "started")
    kill(worker, signal.SIGTERM, group=True)
    assert worker.wait(5) == 0, worker.output
    assert (status(worker_system, first), status(worker_system, later)) == ("finished", "queued")


@pytest.mark.long
def test_with_its_own_times_a_deploy_ends_within_twenty_five_seconds(
    worker_system: System,
) -> None:
    run_id = trigger(worker_system, "naps", {"seconds": 55})
    worker = start_worker(worker_system)
    wait_for(worker_system, run_id, "started")
    begun = time.monotonic()
    kill(worker, signal.SIGTERM, group=True)
    assert worker.wait(25) == 0
    assert 19 < time.monotonic() - begun < 25
    assert status(worker_system, run_id) == "queued"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_hundred_deploys_fail_nothing(worker_system: System) -> None:
    """Signalled alone as by systemd, and with all its processes as by a host of dynos."""
    runs = [trigger(worker_system, "naps", {"seconds": 1.0 + n % 7 / 10}) for n in range(40)]
    deploys = 0
    while deploys < 100:
        if not worker_system.redis.llen(keys.queue("default")):
            runs += [trigger(worker_system, "naps", {"seconds": 2.0}) for _ in range(20)]
        worker = start_worker(worker_system, "--concurrency", "2")
        started = keys.started("default")
        wait_until(lambda: worker_system.redis.zcard(started), 20, "a run")  # noqa: B023 - called at once
        for _ in range(2):
            kill(worker, signal.SIGTERM, group=deploys % 2 == 0)
            time.sleep(0.05)
        assert worker.wait(10) == 0, worker.output
        assert worker_system.redis.zcard(started) == 0
        deploys += 1
    start_worker(worker_system, "--concurrency", "8")
    for run_id in runs:
        wait_for(worker_system, run_id, "finished", timeout=120)
    found = [ended(worker_system, run_id) for run_id in runs]
    assert {run.status for run in found} == {"succeeded"}
    assert {run.attempt for run in found} == {1}
