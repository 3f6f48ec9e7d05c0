"""Children stay warm, are replaced, leak nothing and leave nothing behind."""

from __future__ import annotations

import os
import signal
from datetime import timedelta

import pytest
from rq.command import send_stop_job_command
from rq.serializers import JSONSerializer

from app import reads
from app.system import System
from tests.processes import kill, wait_until
from tests.worker.crews import (
    alive,
    burst,
    children,
    ended,
    results,
    start_recycling_worker,
    start_worker,
    trigger,
    wait_for,
    worker_names,
)


def test_runs_share_a_warm_process(worker_system: System) -> None:
    runs = [trigger(worker_system, "tells_its_process") for _ in range(5)]
    worker = burst(worker_system)
    processes = set(results(worker_system, runs))
    assert len(processes) == 1
    assert worker.pid not in processes


@pytest.mark.parametrize(
    ("limits", "processes"), [("runs=2", 3), ("seconds=0.0", 6), ("growth_mb=-1000", 6)]
)
def test_a_worn_process_is_replaced(worker_system: System, limits: str, processes: int) -> None:
    runs = [trigger(worker_system, "tells_its_process") for _ in range(6)]
    worker = start_recycling_worker(worker_system, limits)
    assert worker.wait(20) == 0, worker.output
    assert len(set(results(worker_system, runs))) == processes


def test_a_process_that_used_much_memory_is_replaced(worker_system: System) -> None:
    runs = [trigger(worker_system, one) for one in ("swallows_memory", "tells_its_process")]
    burst(worker_system)
    assert len(set(results(worker_system, runs))) == 2


def test_a_run_finds_nothing_of_the_one_before(worker_system: System) -> None:
    first = trigger(worker_system, "looks")
    trigger(worker_system, "leaks")
    second = trigger(worker_system, "looks")
    burst(worker_system)
    before, after = results(worker_system, [first, second])
    assert before.pop("run") == first
    assert after.pop("run") == second
    assert after == before
    lines = [line.message for line in reads.run_log(worker_system, second, 0).lines]
    assert lines == ["still logged", "still printed"]


def test_a_time_out_holds_after_a_run_that_took_away_its_signal(worker_system: System) -> None:
    trigger(worker_system, "leaks")
    run_id = trigger(worker_system, "waits_for_its_alarm")
    burst(worker_system)
    run = ended(worker_system, run_id)
    assert run.error
    assert run.error.type == "TimedOut"
    assert "was ended" in run.error.message


def test_a_thread_left_behind_costs_its_process(worker_system: System) -> None:
    first = trigger(worker_system, "leaves_a_thread")
    second = trigger(worker_system, "tells_its_process")
    burst(worker_system)
    processes = results(worker_system, [first, second])
    assert processes[0] != processes[1]
    assert reads.run_log(worker_system, second, 0).lines == ()


def test_an_idle_child_that_dies_is_replaced(worker_system: System) -> None:
    worker = start_worker(worker_system)
    first = trigger(worker_system, "tells_its_process")
    wait_for(worker_system, first, "finished")
    (child,) = results(worker_system, [first])
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: child not in children(worker.pid), 5, "the child's end")
    # The sweeper and another child.
    wait_until(lambda: len(children(worker.pid)) == 2, 5, "another child")
    run_id = trigger(worker_system, "behaves")
    wait_for(worker_system, run_id, "finished")


def test_nothing_is_left_a_second_after_the_worker_was_killed(worker_system: System) -> None:
    worker = start_worker(worker_system, "--concurrency", "2")
    runs = [trigger(worker_system, "naps", {"seconds": 30}) for _ in range(2)]
    for run_id in runs:
        wait_for(worker_system, run_id, "started")
    pids = children(worker.pid)
    # Two children and the sweeper.
    assert len(pids) == 3
    kill(worker)
    wait_until(lambda: not any(alive(pid) for pid in pids), 1, "the children's end")


def test_as_many_runs_go_on_at_once_as_there_are_children(worker_system: System) -> None:
    runs = [trigger(worker_system, "naps", {"seconds": 1}) for _ in range(6)]
    worker = burst(worker_system, "--concurrency", "3")
    assert results(worker_system, runs) == [1] * 6
    spans = [reads.run(worker_system, run_id) for run_id in runs]
    moments = sorted(
        [(run.started_at, 1) for run in spans if run.started_at]
        # The two clocks are rounded differently.
        + [(run.ended_at - timedelta(milliseconds=5), -1) for run in spans if run.ended_at]
    )
    at_once = [sum(step for _, step in moments[: n + 1]) for n in range(len(moments))]
    assert max(at_once) == 3, worker.output
    ends = [run.ended_at for run in spans if run.ended_at]
    assert max(ends) - min(run.started_at for run in spans if run.started_at) < timedelta(seconds=4)


def test_one_of_several_runs_can_be_stopped(worker_system: System) -> None:
    worker = start_worker(worker_system, "--concurrency", "2")
    stopped, spared = (trigger(worker_system, "naps", {"seconds": 3}) for _ in range(2))
    for run_id in (stopped, spared):
        wait_for(worker_system, run_id, "started")
    send_stop_job_command(worker_system.redis, stopped, serializer=JSONSerializer)
    wait_for(worker_system, stopped, "stopped", timeout=2)
    wait_for(worker_system, spared, "finished")
    assert worker.alive


def test_garbage_on_its_channel_ends_no_worker(worker_system: System) -> None:
    worker = start_worker(worker_system)
    (name,) = wait_until(lambda: worker_names(worker_system), 10, "the worker")
    channel = f"rq:pubsub:{name}"
    wait_until(lambda: worker_system.redis.publish(channel, "\xff{"), 5, "its ear")
    for garbage in ("[]", "null", '{"command": 5}', '{"command": "stop-job"}'):
        worker_system.redis.publish(channel, garbage)
    run_id = trigger(worker_system, "behaves")
    wait_for(worker_system, run_id, "finished")
    assert worker.alive


def test_a_result_waits_for_redis(worker_system: System) -> None:
    start_worker(worker_system)
    run_id = trigger(worker_system, "naps", {"seconds": 0.5})
    wait_for(worker_system, run_id, "started")
    worker_system.redis.client_pause(2500, all=False)
    wait_for(worker_system, run_id, "finished")
    assert ended(worker_system, run_id).attempt == 1
