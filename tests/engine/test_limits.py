"""Limits of a task hold over all workers, in order, and hold nothing else up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import actions, keys, reads
from app.errors import DefinitionError
from app.execution import RunExecution
from app.incarnation import recognise, restart_lost_runs
from app.keeping import take_over
from app.limits import let_go, limits_json
from app.recovery import recover
from app.run_limit import RunLimit
from app.system import System
from app.taking import Taken
from tests.engine.ending import begin, end, run_next
from tests.engine.executing import work
from tests.engine.stage import queued, record_all
from tests.fixtures import OPERATOR, open_system, release

LATEST = datetime.max.replace(tzinfo=UTC)
MODULES = ("tests.samples", "tests.engine.limited")


@pytest.fixture
def limited(redis_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    system = open_system(redis_url, sqlite_url, tmp_path, task_modules=MODULES)
    release(system)
    yield system
    system.close()


def add(system: System, task_id: str, count: int = 1) -> list[str]:
    return [actions.trigger(system, OPERATOR, task_id, {"number": n}).run_id for n in range(count)]


def begun(system: System) -> list[Taken]:
    """Take all that may start."""
    taken = []
    while one := begin(system):
        taken.append(one)
    return taken


def ids(taken: list[Taken]) -> list[str]:
    return [one.run_id for one in taken]


def test_no_more_go_on_at_once_than_the_task_allows(limited: System) -> None:
    runs = add(limited, "two_at_once", 5)
    going = begun(limited)
    assert ids(going) == runs[:2]
    assert end(limited, going[0])
    more = begun(limited)
    assert ids(more) == runs[2:3]
    assert end(limited, going[1])
    assert end(limited, more[0])
    assert ids(begun(limited)) == runs[3:]


def test_what_waits_says_why(limited: System) -> None:
    runs = add(limited, "two_at_once", 3)
    going = begun(limited)
    record_all(limited)
    held = reads.run(limited, runs[2])
    assert (held.status, held.reason) == ("queued", "waits: 2 of 2 running")
    end(limited, going[0])
    assert reads.run(limited, runs[2]).reason is None


def test_other_tasks_behind_it_are_not_held_up(limited: System) -> None:
    add(limited, "two_at_once", 250)
    other = actions.trigger(limited, OPERATOR, "greet").run_id
    assert ids(begun(limited))[2:] == [other]
    assert queued(limited.redis) == []
    held: Any = limited.redis.zcard(keys.held("two_at_once"))
    assert held == 248


def test_what_came_first_starts_first(limited: System) -> None:
    runs = add(limited, "two_at_once", 4)
    going = begun(limited)
    late = add(limited, "two_at_once", 1)
    for one in going:
        end(limited, one)
    more = begun(limited)
    assert ids(more) == runs[2:]
    end(limited, more[0])
    assert ids(begun(limited)) == late


def test_no_more_start_in_a_span_than_the_task_allows(limited: System) -> None:
    runs = add(limited, "three_in_two_seconds", 8)
    start = time.monotonic()
    done: list[str] = []
    while len(done) < 8 and time.monotonic() - start < 8:
        let_go(limited.redis, limits_json(limited.catalogue))
        for one in begun(limited):
            end(limited, one)
            done.append(one.run_id)
        if len(done) == 3 and time.monotonic() - start < 1.5:
            assert reads.run(limited, runs[3]).reason == "waits: 3 of 3 started within 2 s"
        time.sleep(0.02)
    assert done == runs
    assert time.monotonic() - start >= 4
    record_all(limited)
    starts = sorted(reads.run(limited, run_id).started_at or LATEST for run_id in runs)
    for first, fourth in zip(starts, starts[3:], strict=False):
        assert fourth - first >= timedelta(seconds=1.99)


def test_the_scheduler_wakes_when_the_next_may_start(limited: System) -> None:
    from_now = time.time()
    add(limited, "three_in_two_seconds", 4)
    begun(limited)
    at: Any = limited.redis.zscore(keys.HELD, "three_in_two_seconds")
    assert at == pytest.approx(from_now + 2, abs=0.5)


def test_a_dead_workers_place_is_given_to_the_next(limited: System) -> None:
    runs = add(limited, "two_at_once", 3)
    going = begun(limited)
    member = f"default|{runs[0]}|{going[0].execution_id}"
    limited.redis.zadd(keys.LIVENESS, {member: 1})
    recover(limited.redis, time.time())
    # The dead one's run comes first again: it had its place before the other.
    assert ids(begun(limited)) == runs[:1]
    assert not end(limited, going[0])
    assert end(limited, going[1])
    assert ids(begun(limited)) == runs[2:]


def test_a_place_whose_holder_vanished_is_found(limited: System) -> None:
    runs = add(limited, "two_at_once", 3)
    begun(limited)
    limited.redis.delete(keys.LIVENESS)
    assert begun(limited) == []
    let_go(limited.redis, limits_json(limited.catalogue), everywhere=True)
    assert ids(begun(limited)) == runs[2:]


def test_a_run_let_go_and_then_cancelled_blocks_nobody(limited: System) -> None:
    runs = add(limited, "two_at_once", 4)
    going = begun(limited)
    end(limited, going[0])
    actions.cancel(limited, OPERATOR, runs[2])
    assert begun(limited) == []
    let_go(limited.redis, limits_json(limited.catalogue), everywhere=True)
    assert ids(begun(limited)) == runs[3:]


def test_a_held_run_can_be_cancelled_and_postponed(limited: System) -> None:
    runs = add(limited, "two_at_once", 4)
    going = begun(limited)
    record_all(limited)
    actions.cancel(limited, OPERATOR, runs[2])
    actions.move(limited, OPERATOR, runs[3], datetime.now(UTC) + timedelta(hours=1))
    end(limited, going[0])
    assert begun(limited) == []
    assert limited.redis.zcard(keys.held("two_at_once")) == 0
    assert limited.redis.zscore(keys.delayed("default"), runs[3])


def test_a_limit_that_the_code_took_away_holds_nobody(limited: System) -> None:
    runs = add(limited, "two_at_once", 5)
    begun(limited)
    let_go(limited.redis, "", everywhere=True)
    assert queued(limited.redis) == runs[2:]
    assert not limited.redis.exists(keys.HELD, keys.LIMITS)


def test_what_did_not_execute_uses_no_start(limited: System) -> None:
    runs = add(limited, "rare", 3)
    run_next(limited, "interrupted")
    assert run_next(limited, "expired") == runs[0]
    assert run_next(limited) == runs[1]
    assert run_next(limited) == runs[2]
    (more,) = add(limited, "rare")
    assert begun(limited) == []
    assert reads.run(limited, more).reason == "waits: 2 of 2 started within 3600 s"


def test_after_a_flush_starts_of_the_span_still_count(limited: System) -> None:
    add(limited, "rare", 2)
    run_next(limited)
    run_next(limited)
    (waiting,) = add(limited, "rare")
    record_all(limited)
    limited.redis.flushall()
    take_over(limited, datetime.now(UTC))
    assert queued(limited.redis) == [waiting]
    assert begun(limited) == []


def test_after_a_flush_what_goes_on_counts_again(limited: System) -> None:
    runs = add(limited, "two_at_once", 3)
    going = begun(limited)
    record_all(limited)
    limited.redis.flushall()
    now = datetime.now(UTC)
    recognise(limited.redis, limited.database, now)
    for one in going:
        readmit(limited, one)
    restart_lost_runs(limited, now)
    assert begun(limited) == []
    assert end(limited, going[0])
    assert ids(begun(limited)) == runs[2:]


def readmit(system: System, taken: Taken) -> None:
    """Let a worker notice that Redis lost its run."""
    execution = RunExecution(system.redis, taken, "hand")
    execution._beat_at = 0.0
    execution.tend()


def test_several_real_workers_keep_the_limit(limited: System) -> None:
    for number in range(8):
        actions.trigger(limited, OPERATOR, "two_at_once", {"number": number, "seconds": 0.2})
    work(limited, workers=3, modules=MODULES)
    let_go(limited.redis, limits_json(limited.catalogue), everywhere=True)
    work(limited, workers=1, modules=MODULES)
    found = [run for run in reads.runs(limited).items if run.task_id == "two_at_once"]
    assert [run.status for run in found] == ["succeeded"] * 8
    edges = [(run.started_at, 1) for run in found] + [
        ((run.ended_at or LATEST) - timedelta(milliseconds=5), -1) for run in found
    ]
    going = most = 0
    for _, step in sorted(edges, key=lambda edge: str(edge[0])):
        going += step
        most = max(most, going)
    assert most == 2


def test_nothing_is_left_when_all_have_run(limited: System) -> None:
    for task_id in ("two_at_once", "three_in_two_seconds"):
        add(limited, task_id, 3)
    while taken := begun(limited):
        for one in taken:
            end(limited, one)
    left = {key.decode() for key in limited.redis.scan_iter("rota:*")}
    assert not [key for key in left if key.startswith(("rota:held", "rota:slots", "rota:limits"))]
    ttl: Any = limited.redis.ttl(keys.starts("three_in_two_seconds"))
    assert 0 < ttl <= 3


def test_a_task_tells_its_limits(limited: System) -> None:
    now = datetime.now(UTC)
    assert reads.task(limited, "rare", now).limits == {
        "max_concurrent": 1, "starts": 2, "within_seconds": 3600,
    }  # fmt: skip
    assert reads.task(limited, "greet", now).limits is None


@pytest.mark.parametrize(
    ("most", "rate"),
    [(0, None), (True, None), ("2", None), (10_001, None), (None, "100"), (None, "0/1m"),
     (None, "x/1m"), (None, "1/0s"), (None, "1/2d"), (None, 5), (None, "20000/1m")],
)  # fmt: skip
def test_a_limit_that_cannot_be_meant_is_refused(most: Any, rate: Any) -> None:
    with pytest.raises(DefinitionError):
        RunLimit.declared(most, rate)
    assert RunLimit.declared(2, "100/m") == RunLimit(2, 100, 60)
