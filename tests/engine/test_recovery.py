"""Runs of dead workers start again; delayed runs move once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app import actions, keys, reads
from app.due import look
from app.execution import RunExecution
from app.leader import Leadership
from app.outcomes import Outcome
from app.recovery import move, recover
from app.system import System
from app.taking import Taken, advance, take
from tests.engine.stage import QUEUES, events, lead, queued, record_all, server_now
from tests.fixtures import OPERATOR


def start_run(system: System) -> Taken:
    taken = take(system.redis, system.catalogue, "w", QUEUES)
    assert taken
    return taken


def let_die(system: System, taken: Taken) -> None:
    """Let the worker of a run have been silent for too long."""
    member = f"{taken.queue}|{taken.run_id}|{taken.execution_id}"
    system.redis.zadd(keys.LIVENESS, {member: 1}, xx=True)


def recover_all(system: System) -> int:
    return recover(system.redis, server_now(system.redis).timestamp())


def test_a_run_of_a_dead_worker_is_queued_again_in_front(system: System) -> None:
    run_id = actions.trigger(system, OPERATOR, "waits").run_id
    dead = start_run(system)
    other = actions.trigger(system, OPERATOR, "greet").run_id
    let_die(system, dead)
    assert recover_all(system) == 1
    assert queued(system.redis) == [run_id, other]
    record_all(system)
    run = reads.run(system, run_id)
    assert (run.status, run.reason) == ("queued", "worker w died")
    assert [(one.attempt, one.outcome) for one in run.attempts] == [(1, "lost")]
    assert start_run(system).attempt == 2
    assert system.redis.zcard(keys.started("default")) == 1


def test_a_living_worker_keeps_its_run(sqlite_system: System) -> None:
    actions.trigger(sqlite_system, OPERATOR, "waits")
    start_run(sqlite_system)
    assert recover_all(sqlite_system) == 0
    # Not even if the caller's clock is ahead: the script goes by the server's.
    assert recover(sqlite_system.redis, server_now(sqlite_system.redis).timestamp() + 999) == 0
    assert queued(sqlite_system.redis) == []


def test_of_two_who_recover_one_finds_it_done(sqlite_system: System) -> None:
    actions.trigger(sqlite_system, OPERATOR, "waits")
    let_die(sqlite_system, start_run(sqlite_system))
    assert [recover_all(sqlite_system), recover_all(sqlite_system)] == [1, 0]
    assert len(queued(sqlite_system.redis)) == 1


def written(system: System, execution: RunExecution) -> bool:
    """Write how an execution ended; return whether it still was its to write."""
    ended, _ = execution.ended()
    return advance(system.redis, system.catalogue, "w", (), ended).written


def test_a_stale_execution_cannot_write_its_result(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "waits").run_id
    stale = start_run(sqlite_system)
    execution = RunExecution(sqlite_system.redis, stale, "w")
    let_die(sqlite_system, stale)
    recover_all(sqlite_system)
    execution.settle(Outcome("succeeded", result="too late"))
    assert not written(sqlite_system, execution)
    assert queued(sqlite_system.redis) == [run_id]
    start_run(sqlite_system)
    assert not written(sqlite_system, execution)
    statuses = [event.status for event in events(sqlite_system.redis)]
    assert statuses == ["queued", "running", "queued", "running"]


def test_the_old_sign_of_life_of_a_run_that_went_on_recovers_nothing(
    sqlite_system: System,
) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "waits").run_id
    taken = start_run(sqlite_system)
    sqlite_system.redis.hset(keys.job(run_id), "rota_execution", "another")
    let_die(sqlite_system, taken)
    assert recover_all(sqlite_system) == 0
    assert queued(sqlite_system.redis) == []
    assert sqlite_system.redis.zcard(keys.LIVENESS) == 0


def test_the_third_recovery_within_three_days_quarantines(system: System) -> None:
    run_id = actions.trigger(system, OPERATOR, "waits").run_id
    for _ in range(3):
        let_die(system, start_run(system))
        recover_all(system)
    assert queued(system.redis) == []
    record_all(system)
    run = reads.run(system, run_id)
    assert (run.status, run.attempt) == ("quarantined", 3)
    assert run.reason == "recovered 3 times: it seems to kill its workers (last: w)"
    assert [one.outcome for one in run.attempts] == ["lost"] * 3
    assert system.redis.scard(keys.live("waits")) == 0
    assert system.redis.zscore(keys.failed("default"), run_id) is not None


def test_recoveries_of_long_ago_do_not_count(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "waits").run_id
    let_die(sqlite_system, start_run(sqlite_system))
    old = int(server_now(sqlite_system.redis).timestamp()) - 72 * 3600 - 1
    sqlite_system.redis.hset(keys.job(run_id), "rota_recoveries", f"[{old}, {old}, {old}]")
    recover_all(sqlite_system)
    assert queued(sqlite_system.redis) == [run_id]


def test_garbage_among_the_living_hides_no_dead_run(sqlite_system: System) -> None:
    garbage = {f"garbage-{number}".encode(): 0.0 for number in range(600)}
    sqlite_system.redis.zadd(keys.LIVENESS, garbage | {b"\xff|\xfe|\xfd": 0.0})
    run_id = actions.trigger(sqlite_system, OPERATOR, "waits").run_id
    let_die(sqlite_system, start_run(sqlite_system))
    for _ in range(2):
        recover_all(sqlite_system)
    assert queued(sqlite_system.redis) == [run_id]
    assert sqlite_system.redis.zcard(keys.LIVENESS) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("rota_recoveries", "{"), ("rota_recoveries", '["x"]'), ("rota_static", "{")],
)
def test_garbage_in_the_run_stops_no_recovery(
    sqlite_system: System, field: str, value: str
) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "waits").run_id
    taken = start_run(sqlite_system)
    sqlite_system.redis.hset(keys.job(run_id), field, value)
    let_die(sqlite_system, taken)
    assert recover_all(sqlite_system) == 1
    assert queued(sqlite_system.redis) == [run_id]


# --- delayed runs --------------------------------------------------------------------------------


def test_of_two_movers_one_moves(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    run_id = delayed(sqlite_system)
    assert [move(redis, [("default", run_id)]) for _ in range(2)] == [1, 0]
    assert queued(redis) == [run_id]
    event = events(redis)[-1]
    assert (event.status, event.revision) == ("queued", 2)


def test_a_delayed_run_whose_job_is_gone_is_dropped(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.zadd(keys.delayed("default"), {"ghost": 1})
    assert move(redis, [("default", "ghost")]) == 0
    assert redis.zcard(keys.delayed("default")) == 0
    assert queued(redis) == []


def test_a_foreign_delayed_job_moves_without_an_event(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.hset(keys.job("foreign"), mapping={"status": "scheduled", "data": "x"})
    redis.zadd(keys.delayed("default"), {"foreign": 1})
    assert move(redis, [("default", "foreign")]) == 1
    assert queued(redis) == ["foreign"]
    assert events(redis) == []


def test_a_delayed_id_that_is_no_text_does_not_stay_due(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.zadd(keys.delayed("default"), {b"\xff\xfe": 1})
    lock = lead(sqlite_system)
    for _ in range(2):
        due = look(redis, lock, QUEUES)
        move(redis, due.runs)
    assert look(redis, lock, QUEUES).runs == []
    assert redis.hlen(keys.QUARANTINE) == 1


def delayed(system: System) -> str:
    """Accept a run for later and let that time have come."""
    at = server_now(system.redis) + timedelta(hours=1)
    run_id = actions.trigger(system, OPERATOR, "greet", at=at).run_id
    system.redis.zadd(keys.delayed("default"), {run_id: 1})
    return run_id


# --- the lead ------------------------------------------------------------------------------------


def test_one_leads_and_the_other_stands_by(sqlite_system: System) -> None:
    first, second = (Leadership(sqlite_system.redis, name) for name in ("one", "two"))
    assert (first.keep(), second.keep()) == (True, False)
    assert first.lock
    assert not second.lock


def test_a_lead_ends_by_itself(sqlite_system: System) -> None:
    lead(sqlite_system)
    ttl: Any = sqlite_system.redis.pttl(keys.LOCK)
    assert 5_000 < ttl <= 6_000


def test_a_resigned_lead_is_free_at_once(sqlite_system: System) -> None:
    first, second = (Leadership(sqlite_system.redis, name) for name in ("one", "two"))
    first.keep()
    first.resign()
    assert second.keep()


def test_nobody_resigns_the_lead_of_another(sqlite_system: System) -> None:
    first, second = (Leadership(sqlite_system.redis, name) for name in ("one", "two"))
    first.keep()
    sqlite_system.redis.delete(keys.LOCK)
    second.keep()
    first.resign()
    assert sqlite_system.redis.get(keys.LOCK) == second.lock.encode()
