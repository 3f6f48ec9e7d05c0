"""Runs that share a process: side by side, told apart, and each with its own end."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import actions, keys, reads
from app.system import System
from tests.fixtures import OPERATOR
from tests.processes import kill, wait_until
from tests.worker.crews import (
    burst,
    ended,
    results,
    start_worker,
    status,
    trigger,
    wait_for,
)

pytestmark = pytest.mark.timeout(90)


def lines(system: System, run_id: str) -> list[str]:
    return [line.message for line in reads.run_log(system, run_id, 0).lines]


def test_threads_of_one_task_run_side_by_side_up_to_their_number(worker_system: System) -> None:
    runs = [trigger(worker_system, "shared_waits", {"seconds": 0.6}) for _ in range(8)]
    own = trigger(worker_system, "has_its_own")
    burst(worker_system)
    answers = results(worker_system, runs)
    assert len({process for process, _ in answers}) == 1
    assert max(together for _, together in answers) == 4
    assert results(worker_system, [own])[0] != answers[0][0]
    times = [ended(worker_system, run_id) for run_id in runs]
    begun = min(run.started_at for run in times if run.started_at)
    done = max(run.ended_at for run in times if run.ended_at)
    assert (done - begun).total_seconds() < 2.5


def test_coroutines_share_one_loop(worker_system: System) -> None:
    runs = [trigger(worker_system, "shared_awaits", {"seconds": 1.0}) for _ in range(20)]
    alone = trigger(worker_system, "shared_awaits_alone")
    begun = time.monotonic()
    burst(worker_system)
    assert time.monotonic() - begun < 12
    processes = set(results(worker_system, runs))
    assert len(processes) == 1
    assert results(worker_system, [alone])[0] not in processes


def test_what_each_run_says_is_its_own(worker_system: System) -> None:
    runs = {word: trigger(worker_system, "shared_says", {"word": word}) for word in ("a", "b", "c")}
    runs |= {w: trigger(worker_system, "shared_says_async", {"word": w}) for w in ("d", "e")}
    burst(worker_system)
    for word, run_id in runs.items():
        assert results(worker_system, [run_id]) == [run_id]
        said = lines(worker_system, run_id)
        assert {line.split()[-1] for line in said} == {word}
        assert said.count(f"printed {word}") == 20
        assert said.count(f"logged {word}") == 20
        assert f"from a thread {word}" in said
    assert "from a pool a" in lines(worker_system, runs["a"])
    assert lines(worker_system, runs["d"]).count("from a coroutine d") == 2


@pytest.mark.parametrize("late", ["shared_waits_too_long", "shared_awaits_too_long"])
def test_a_time_out_ends_one_run_and_leaves_the_others(worker_system: System, late: str) -> None:
    other = trigger(worker_system, "shared_waits", {"seconds": 2.5})
    third = trigger(worker_system, "shared_awaits", {"seconds": 2.5})
    overdue = trigger(worker_system, late)
    burst(worker_system)
    run = ended(worker_system, overdue)
    assert run.error
    assert (run.status, run.error.type) == ("failed", "TimedOut")
    assert (run.duration_seconds or 9) < 2
    for run_id in (other, third):
        innocent = ended(worker_system, run_id)
        assert (innocent.status, innocent.attempt) == ("succeeded", 1)


@pytest.mark.long
def test_a_run_that_does_not_let_go_costs_the_others_no_attempt(worker_system: System) -> None:
    stuck = trigger(worker_system, "shared_does_not_let_go")
    short = trigger(worker_system, "shared_waits", {"seconds": 8})
    long = trigger(worker_system, "shared_waits", {"seconds": 14})
    burst(worker_system, timeout=60)
    run = ended(worker_system, stuck)
    assert run.error
    assert (run.status, run.error.type) == ("failed", "TimedOut")
    assert "did not let itself end" in run.error.message
    assert (run.duration_seconds or 99) < 13
    for run_id in (short, long):
        innocent = ended(worker_system, run_id)
        assert (innocent.status, innocent.attempt) == ("succeeded", 1)
    assert (ended(worker_system, short).duration_seconds or 99) < 9


@pytest.mark.parametrize(
    ("culprit", "kind"), [("shared_crashes", "Killed"), ("shared_leaves", "Exited")]
)
def test_a_crash_is_told_of_the_run_that_did_it(
    worker_system: System, culprit: str, kind: str
) -> None:
    innocent = [trigger(worker_system, "shared_waits", {"seconds": 1.0}) for _ in range(2)]
    innocent.append(trigger(worker_system, "shared_awaits", {"seconds": 1.0}))
    guilty = trigger(worker_system, culprit)
    burst(worker_system)
    run = ended(worker_system, guilty)
    assert run.error
    assert (run.status, run.error.type) == ("failed", kind)
    for run_id in innocent:
        other = ended(worker_system, run_id)
        assert (other.status, other.attempt) == ("succeeded", 1)


def test_where_nobody_knows_who_did_it_each_starts_again_alone(
    worker_system: System, tmp_path: Path
) -> None:
    innocent = trigger(worker_system, "shared_waits", {"seconds": 1.0})
    killed = trigger(worker_system, "shared_is_killed", {"marker": str(tmp_path / "killed")})
    burst(worker_system)
    runs = [ended(worker_system, run_id) for run_id in (innocent, killed)]
    assert [(run.status, run.attempt) for run in runs] == [("succeeded", 2)] * 2
    assert runs[0].attempts[0].outcome == "lost"
    assert runs[1].result == "alone True"


def test_one_of_several_runs_is_stopped(worker_system: System) -> None:
    runs = [
        trigger(worker_system, "shared_waits", {"seconds": 2.5}),
        trigger(worker_system, "shared_awaits"),
    ]
    stopped = [
        trigger(worker_system, "shared_asks_to_stop"),
        trigger(worker_system, "shared_awaits", {"seconds": 30}),
    ]
    start_worker(worker_system)
    for run_id in stopped:
        wait_for(worker_system, run_id, "started")
        actions.stop(worker_system, OPERATOR, run_id)
        wait_for(worker_system, run_id, "stopped", timeout=4)
    for run_id in runs:
        wait_for(worker_system, run_id, "finished")


def test_a_deploy_gives_all_of_them_back(worker_system: System) -> None:
    runs = [trigger(worker_system, "shared_waits", {"seconds": 20}) for _ in range(2)]
    runs.append(trigger(worker_system, "shared_awaits", {"seconds": 20}))
    saved = trigger(worker_system, "shared_asks_to_stop")
    worker = start_worker(worker_system)
    for run_id in (*runs, saved):
        wait_for(worker_system, run_id, "started")
    kill(worker, signal.SIGTERM, group=True)
    wait_for(worker_system, saved, "finished", timeout=3)
    kill(worker, signal.SIGTERM, group=True)
    assert worker.wait(5) == 0, worker.output
    assert [status(worker_system, run_id) for run_id in runs] == ["queued"] * 3
    assert {ended(worker_system, run_id).attempt for run_id in runs} == {0}


def test_the_listing_shows_all_that_a_worker_runs(worker_system: System) -> None:
    runs = {trigger(worker_system, "shared_awaits", {"seconds": 3}) for _ in range(3)}
    start_worker(worker_system)
    for run_id in runs:
        wait_for(worker_system, run_id, "started")
    view, _ = reads.workers(worker_system, datetime.now(UTC))
    (worker,) = view.workers
    assert set(worker.current_run_ids) == runs
    assert worker.current_run_id in runs
    assert worker_system.redis.zcard(keys.LIVENESS) == 3
    for run_id in runs:
        wait_for(worker_system, run_id, "finished")
    wait_until(lambda: worker_system.redis.zcard(keys.LIVENESS) == 0, 5, "the end of all")


def test_a_run_of_its_own_process_does_not_hold_up_shared_ones(worker_system: System) -> None:
    own = [trigger(worker_system, "has_its_own", {"seconds": 2}) for _ in range(3)]
    shared = trigger(worker_system, "shared_awaits", {"seconds": 0.1})
    start_worker(worker_system)
    wait_for(worker_system, shared, "finished", timeout=5)
    assert status(worker_system, own[-1]) == "queued"
