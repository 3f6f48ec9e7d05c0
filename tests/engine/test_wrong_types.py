"""A key that somebody overwrote is set aside whole and built again; firing and running go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from app import actions, keys, reads, scripts
from app.execution import RunExecution
from app.incarnation import restart_lost_runs
from app.outcomes import Outcome
from app.recorder import Recorder
from app.recovery import SILENT_SECONDS, recover
from app.scheduler import Scheduler
from app.system import System
from app.taking import Taken, advance, take
from tests.engine.stage import (
    QUEUES,
    events,
    fire_due,
    lead,
    make_due,
    queued,
    record_all,
    rows,
    server_now,
    stand_at,
)
from tests.fixtures import OPERATOR

TEXT = b"somebody's text"


@pytest.fixture
def scheduler(sqlite_system: System) -> Iterator[Scheduler]:
    made = Scheduler(sqlite_system, name="one")
    made.tick()
    yield made
    made.stop()
    made.wake.close()


def aside(redis: Redis) -> dict[str, dict[str, Any]]:
    found: Any = redis.hgetall(keys.QUARANTINE)
    return {name.decode("utf-8", "replace"): json.loads(note) for name, note in found.items()}


def passes(scheduler: Scheduler) -> None:
    """What its loop does, without the waiting."""
    for _ in range(6):
        try:
            scheduler.tick()
        except ResponseError as error:
            if not scheduler._mended(error):
                raise


def due_now(system: System) -> str:
    """Let the minute's fire time of `greet` be due now; return the run's id."""
    nominal = server_now(system.redis).replace(second=0, microsecond=0)
    stand_at(system.redis, "greet", nominal)
    return f"greet--{int(nominal.timestamp())}"


ENGINE = sorted(set(keys.TYPES) - {keys.MENDED, keys.LOCK})
OTHERS: list[Callable[[Redis, str], object]] = [
    lambda redis, key: redis.set(key, TEXT),
    lambda redis, key: redis.rpush(key, TEXT),
    lambda redis, key: redis.sadd(key, TEXT),
]


@pytest.mark.parametrize("key", [*ENGINE, keys.live("greet"), keys.ready("default")])
@pytest.mark.parametrize("overwrite", OTHERS, ids=["text", "list", "set"])
def test_an_overwritten_key_stops_no_firing(
    sqlite_system: System, scheduler: Scheduler, key: str, overwrite: Callable[[Redis, str], object]
) -> None:
    redis = sqlite_system.redis
    redis.delete(key)
    overwrite(redis, key)
    before: Any = redis.dump(key)
    kind: Any = redis.type(key)
    good = kind.decode() == keys.TYPES.get(key, "none")
    run_id = due_now(sqlite_system) if key != keys.SCHEDULE else ""
    scheduler._chores = scheduler._make_chores()
    passes(scheduler)
    if run_id:
        assert run_id in queued(redis)
    else:
        assert redis.zcard(keys.SCHEDULE) == 3
    kept: Any = redis.dump(keys.set_aside(key))
    if kept is not None:
        assert kept == before
        assert aside(redis)[key]["place"] == keys.set_aside(key)
        assert redis.get(keys.MENDED) is None, "everything was built again"
    else:
        # What is of the right type by chance, or rightly a list, is none of this test's business.
        assert good or redis.type(key) in (b"none", b"list", b"set")
    actions.trigger(sqlite_system, OPERATOR, "greet")
    assert take(redis, sqlite_system.catalogue, "w", QUEUES)
    assert record_all(sqlite_system)


@pytest.mark.parametrize("key", [keys.CHANGES, keys.LEADER_EPOCH])
@pytest.mark.parametrize("value", ["text", str(2**63 - 1), "9" * 30, ""])
def test_a_counter_that_cannot_count_is_set_aside(
    sqlite_system: System, scheduler: Scheduler, key: str, value: str
) -> None:
    redis = sqlite_system.redis
    redis.set(key, value)
    redis.delete(keys.LOCK)
    scheduler.leadership.lose()
    run_id = due_now(sqlite_system)
    scheduler._chores = scheduler._make_chores()
    passes(scheduler)
    assert run_id in queued(redis)
    assert redis.get(keys.set_aside(key)) == value.encode()


def test_a_lock_without_an_end_keeps_nobody_from_leading(sqlite_system: System) -> None:
    sqlite_system.redis.set(keys.LOCK, "mine for ever")
    assert lead(sqlite_system)


def test_a_stream_that_takes_no_more_is_begun_anew(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    redis = sqlite_system.redis
    record_all(sqlite_system)
    last = 2**64 - 1
    redis.xadd(keys.EVENTS, {"x": "y"}, id=f"{last}-{last}")
    Recorder(redis, sqlite_system.database).step()
    run_id = due_now(sqlite_system)
    passes(scheduler)
    passes(scheduler)
    assert run_id in queued(redis)
    record_all(sqlite_system)
    assert reads.run(sqlite_system, run_id).status == "queued"


def test_while_pauses_are_built_again_nothing_fires_that_was_paused(sqlite_system: System) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    actions.pause_everything(sqlite_system, OPERATOR, "the office is closed")
    make_due(sqlite_system, "greet")
    redis.delete(keys.PAUSES)
    redis.set(keys.PAUSES, TEXT)
    assert fire_due(sqlite_system, lock) == {}
    assert fire_due(sqlite_system, lock) == {}
    assert redis.get(keys.set_aside(keys.PAUSES)) == TEXT


# --- what a script finds while it works ----------------------------------------------------------


def started(system: System) -> Taken:
    actions.trigger(system, OPERATOR, "greet")
    taken = take(system.redis, system.catalogue, "w", QUEUES)
    assert taken
    return taken


WORKING = [
    keys.LIVENESS, keys.started("default"), keys.finished("default"), keys.ready("default"),
    keys.EVENTS, keys.CHANGES, keys.QUEUES, keys.worker_executions("w"), keys.live("greet"),
    keys.queue("default"),
]  # fmt: skip


def overwrite(redis: Redis, key: str) -> None:
    redis.delete(key)
    redis.geoadd(key, (1, 2, "x"))
    if key in (keys.LIVENESS, keys.started("default"), keys.finished("default")):
        redis.delete(key)
        redis.set(key, TEXT)


@pytest.mark.parametrize("key", WORKING)
def test_a_run_is_taken_whatever_is_overwritten(sqlite_system: System, key: str) -> None:
    redis = sqlite_system.redis
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    if key != keys.queue("default"):
        overwrite(redis, key)
    taken = take(redis, sqlite_system.catalogue, "w", QUEUES)
    assert taken
    assert taken.run_id == run_id
    assert redis.zcard(keys.LIVENESS) == 1
    assert redis.zcard(keys.started("default")) == 1


@pytest.mark.parametrize("key", WORKING)
def test_an_end_is_written_whatever_is_overwritten(sqlite_system: System, key: str) -> None:
    redis = sqlite_system.redis
    taken = started(sqlite_system)
    execution = RunExecution(redis, taken, "w")
    execution.settle(Outcome("succeeded", result=5))
    overwrite(redis, key)
    ended, _ = execution.ended()
    assert advance(redis, sqlite_system.catalogue, "w", (), ended).written
    assert redis.hget(keys.job(taken.run_id), "status") == b"finished"
    assert redis.zcard(keys.finished("default")) == 1
    assert events(redis)[-1].status == "succeeded"


@pytest.mark.parametrize("key", WORKING)
def test_a_dead_workers_run_starts_again_whatever_is_overwritten(
    sqlite_system: System, key: str
) -> None:
    redis = sqlite_system.redis
    taken = started(sqlite_system)
    if key != keys.LIVENESS:
        overwrite(redis, key)
    assert recover(redis, server_now(redis).timestamp() + 100) == 0
    redis.zadd(keys.LIVENESS, {f"default|{taken.run_id}|{taken.execution_id}": 1})
    assert recover(redis, server_now(redis).timestamp()) == 1
    assert queued(redis) == [taken.run_id]


NUMBERS = ["many", "1.5", "9" * 20, "-3", "0x10", ""]


@pytest.mark.parametrize("field", ["rota_attempt", "rota_revision"])
@pytest.mark.parametrize("value", NUMBERS)
def test_an_end_is_written_whatever_its_numbers_are(
    sqlite_system: System, field: str, value: str
) -> None:
    redis = sqlite_system.redis
    taken = started(sqlite_system)
    redis.hset(keys.job(taken.run_id), field, value)
    execution = RunExecution(redis, taken, "w")
    execution.settle(Outcome("succeeded", result=5))
    ended, _ = execution.ended()
    assert advance(redis, sqlite_system.catalogue, "w", (), ended).written
    record_all(sqlite_system)
    assert reads.run(sqlite_system, taken.run_id).status == "succeeded"


@pytest.mark.parametrize("value", NUMBERS)
def test_a_waiting_run_is_cancelled_whatever_its_numbers_are(
    sqlite_system: System, value: str
) -> None:
    redis = sqlite_system.redis
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    record_all(sqlite_system)
    redis.hset(keys.job(run_id), mapping={"rota_revision": value, "rota_attempt": value})
    actions.cancel(sqlite_system, OPERATOR, run_id)
    record_all(sqlite_system)
    assert reads.run(sqlite_system, run_id).status == "cancelled"


def test_a_job_of_another_type_hides_no_fire_time(sqlite_system: System) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    due = make_due(sqlite_system, "greet")
    run_id = f"greet--{int(due.timestamp())}"
    redis.set(keys.job(run_id), TEXT)
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    assert queued(redis) == [run_id]
    assert redis.get(keys.set_aside(keys.job(run_id))) == TEXT


# --- what is built again -------------------------------------------------------------------------


def test_runs_come_back_to_a_queue_that_was_overwritten(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    redis = sqlite_system.redis
    runs = [actions.trigger(sqlite_system, OPERATOR, "greet").run_id for _ in range(3)]
    record_all(sqlite_system)
    redis.delete(keys.queue("default"))
    redis.set(keys.queue("default"), TEXT)
    scheduler._chores = scheduler._make_chores()
    passes(scheduler)
    assert [run_id for run_id in queued(redis) if run_id in runs] == runs


def test_a_running_run_is_watched_again_and_a_delayed_one_waits_again(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    redis = sqlite_system.redis
    at = datetime.now(UTC) + timedelta(hours=1)
    taken = started(sqlite_system)
    delayed = actions.trigger(sqlite_system, OPERATOR, "greet", at=at).run_id
    record_all(sqlite_system)
    for key in (keys.LIVENESS, keys.delayed("default")):
        redis.delete(key)
        redis.set(key, TEXT)
    scheduler._chores = scheduler._make_chores()
    passes(scheduler)
    dead_at: Any = redis.zscore(keys.LIVENESS, f"default|{taken.run_id}|{taken.execution_id}")
    assert dead_at == pytest.approx(server_now(redis).timestamp() + SILENT_SECONDS, abs=3)
    assert redis.zscore(keys.delayed("default"), delayed) == pytest.approx(at.timestamp())


# --- another identity ----------------------------------------------------------------------------


def test_another_identity_is_noticed_at_the_next_pass_and_the_history_goes_on(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    redis = sqlite_system.redis
    taken = started(sqlite_system)
    Recorder(redis, sqlite_system.database).step()
    redis.set(keys.INCARNATION, "anothervalidtext")
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    passes(scheduler)
    known = rows(sqlite_system, "SELECT incarnation FROM recorder")
    assert known[0]["incarnation"] == "anothervalidtext"
    assert Recorder(redis, sqlite_system.database).step()
    assert reads.run(sqlite_system, run_id).status == "queued"
    restart_lost_runs(sqlite_system, datetime.now(UTC))
    assert rows(sqlite_system, "SELECT run_id FROM runs WHERE lost_at IS NOT NULL") == []
    assert reads.run(sqlite_system, taken.run_id).reason is None


def test_many_runs_that_redis_still_has_keep_no_lost_one_waiting(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    old = datetime.now(UTC) - timedelta(hours=1)
    for number in range(210):
        now = old + timedelta(seconds=number)
        actions.trigger(sqlite_system, OPERATOR, "greet", now=now)
    lost = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    record_all(sqlite_system)
    redis.delete(keys.job(lost))
    redis.lrem(keys.queue("default"), 0, lost)
    redis.set(keys.INCARNATION, "anothervalidtext")
    record_all(sqlite_system)
    for _ in range(2):
        restart_lost_runs(sqlite_system, datetime.now(UTC))
    assert lost in queued(redis)
    assert len(queued(redis)) == 211


def test_a_run_that_ended_while_its_events_were_lost_is_told_of(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    taken = started(sqlite_system)
    record_all(sqlite_system)
    execution = RunExecution(redis, taken, "w")
    execution.settle(Outcome("succeeded", result=5))
    ended, _ = execution.ended()
    advance(redis, sqlite_system.catalogue, "w", (), ended)
    redis.delete(keys.EVENTS)
    redis.set(keys.EVENTS, TEXT)
    scripts.run("mend", redis, [], [keys.EVENTS, "stream"])
    record_all(sqlite_system)
    later = datetime.now(UTC) + timedelta(seconds=31)
    restart_lost_runs(sqlite_system, later)
    record_all(sqlite_system)
    assert reads.run(sqlite_system, taken.run_id).status == "succeeded"
