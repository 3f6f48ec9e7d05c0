"""Every step at which a process can die, enumerated: nothing is lost, nothing doubled."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from app import actions, keys, reads
from app.due import look
from app.errors import Conflict
from app.firing import fire
from app.incarnation import recognise, restart_lost_runs
from app.leader import Leadership
from app.outbox import sweep
from app.reconcile import reconcile
from app.recorder import Recorder
from app.records.database import reading, writing
from app.records.schema import acts, attempts, audit, pauses, recorder, run_logs, runs
from app.recovery import move, recover
from app.system import System
from app.taking import take
from tests.engine.crash_points import killed_at_each_step
from tests.fixtures import OPERATOR

pytestmark = pytest.mark.timeout(180)

LEAST_POINTS = 4


def _clear(system: System) -> None:
    system.redis.flushall()
    with writing(system.database) as connection:
        for table in (runs, attempts, run_logs, acts, audit, pauses, recorder):
            connection.execute(delete(table))
    recognise(system.redis, system.database, datetime.now(UTC))


def _list(system: System, key: str) -> list[str]:
    found: Any = system.redis.lrange(key, 0, -1)
    return [each.decode() for each in found]


def _events(system: System) -> list[tuple[str, str]]:
    found: Any = system.redis.xrange(keys.EVENTS)
    return [(fields[b"run"].decode(), fields[b"status"].decode()) for _, fields in found]


def _count(system: System, table: Any) -> int:
    with reading(system.database) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _make_due(system: System, *schedule_ids: str) -> None:
    """Move schedules' next fire time to five seconds ago."""
    for schedule_id in schedule_ids:
        due = int(time.time()) - 5
        due -= due % 1800 if schedule_id == "greet" else 0
        system.redis.hset(keys.schedule(schedule_id), "nominal", due)
        system.redis.zadd(keys.SCHEDULE, {schedule_id: due})


def test_a_firing_pass(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0

    def prepare() -> None:
        _clear(system)
        reconcile(system, datetime.now(UTC))
        system.redis.zrem(keys.SCHEDULE, "tick")
        _make_due(system, "greet", "morning")

    def fire_pass(own: System) -> None:
        leadership = Leadership(own.redis, "crash")
        leadership.keep()
        fire(own.redis, leadership.lock, look(own.redis, leadership.lock, ["default", "low"]))

    for point in killed_at_each_step(system, prepare, fire_pass):
        points += 1
        system.redis.delete(keys.LOCK)
        fire_pass(system)
        queued = _list(system, keys.queue("default")) + _list(system, keys.queue("low"))
        assert sorted(run.partition("--")[0] for run in queued) == ["greet", "morning"], point
        assert sorted(_events(system)) == sorted((run, "queued") for run in queued), point
        for name in ("greet", "morning"):
            assert system.redis.zscore(keys.SCHEDULE, name) is not None, point
    assert points >= LEAST_POINTS


def test_a_trigger(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0

    def trigger(own: System) -> object:
        return actions.trigger(own, OPERATOR, "greet", {"name": "Ada"}, idempotency_key="k")

    for point in killed_at_each_step(system, lambda: _clear(system), trigger):
        points += 1
        sweep(system, datetime.now(UTC))
        trigger(system)
        assert len(_list(system, keys.queue("default"))) == 1, point
        assert _count(system, runs) == _count(system, audit) == _count(system, acts) == 1, point
        assert len(_events(system)) == 1, point
    assert points >= LEAST_POINTS


def test_pause_and_resume(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0

    def prepare() -> None:
        _clear(system)
        reconcile(system, datetime.now(UTC))

    def pause_and_resume(own: System) -> None:
        actions.pause(own, OPERATOR, "greet", "closed")
        actions.resume(own, OPERATOR, "greet")

    for point in killed_at_each_step(system, prepare, pause_and_resume):
        points += 1
        sweep(system, datetime.now(UTC))
        paused = reads.task(system, "greet", datetime.now(UTC)).state == "paused"
        assert bool(system.redis.hexists(keys.PAUSES, "greet")) == paused, point
        assert (system.redis.zscore(keys.SCHEDULE, "greet") is None) == paused, point
        assert _count(system, audit) == _count(system, acts), point
    assert points >= LEAST_POINTS


def test_run_acts(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0
    made: list[str] = []

    def prepare() -> None:
        _clear(system)
        made[:] = [actions.trigger(system, OPERATOR, "greet").run_id]

    def cancel_and_retry(own: System) -> None:
        actions.cancel(own, OPERATOR, made[0])
        Recorder(own.redis, own.database).step()
        actions.retry(own, OPERATOR, made[0])

    for point in killed_at_each_step(system, prepare, cancel_and_retry):
        points += 1
        sweep(system, datetime.now(UTC))
        Recorder(system.redis, system.database).step()
        status = reads.run(system, made[0]).status
        assert status in ("queued", "cancelled"), point
        waiting = [made[0]] if status == "queued" else []
        assert _list(system, keys.queue("default")) == waiting, point
    assert points >= LEAST_POINTS


def test_reconcile(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0
    _clear(system)
    reconcile(system, datetime.now(UTC))
    whole: Any = system.redis.zrange(keys.SCHEDULE, 0, -1)
    for point in killed_at_each_step(
        system, lambda: _clear(system), lambda own: reconcile(own, datetime.now(UTC))
    ):
        points += 1
        reconcile(system, datetime.now(UTC))
        assert set(system.redis.zrange(keys.SCHEDULE, 0, -1)) == set(whole), point
        for name in whole:
            assert system.redis.exists(keys.job(name.decode())), point
    assert points >= LEAST_POINTS


def test_a_delayed_run_moves(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0
    made: list[str] = []

    def prepare() -> None:
        _clear(system)
        at = datetime.now(UTC) + timedelta(hours=1)
        made[:] = [actions.trigger(system, OPERATOR, "greet", at=at).run_id]
        system.redis.zadd(keys.delayed("default"), {made[0]: time.time() - 1})

    def move_due(own: System) -> None:
        move(own.redis, look(own.redis, "", ["default"]).runs)

    for point in killed_at_each_step(system, prepare, move_due):
        points += 1
        move_due(system)
        assert _list(system, keys.queue("default")) == made, point
        assert _events(system) == [(made[0], "scheduled"), (made[0], "queued")], point
    assert points >= LEAST_POINTS


def test_a_dead_workers_run_is_recovered(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0

    def prepare() -> None:
        _clear(system)
        actions.trigger(system, OPERATOR, "greet")
        taken = take(system.redis, system.catalogue, "dead", ["default"])
        assert taken is not None
        member = f"default|{taken.run_id}|{taken.execution_id}"
        system.redis.zadd(keys.LIVENESS, {member: time.time() - 1})

    for point in killed_at_each_step(system, prepare, lambda own: recover(own.redis, time.time())):
        points += 1
        recover(system.redis, time.time())
        assert len(_list(system, keys.queue("default"))) == 1, point
        statuses = [status for _, status in _events(system)]
        assert statuses == ["queued", "running", "queued"], point
    assert points >= LEAST_POINTS


def test_the_recorder(system: System) -> None:
    points = 0

    def prepare() -> None:
        _clear(system)
        for number in range(3):
            actions.trigger(system, OPERATOR, "greet", {"times": number})
        take(system.redis, system.catalogue, "worker", ["default"])

    def record_all(own: System) -> None:
        Recorder(own.redis, own.database).step()

    for point in killed_at_each_step(system, prepare, record_all):
        points += 1
        record_all(system)
        record_all(system)
        found = reads.runs(system).items
        assert sorted(run.status for run in found) == ["queued", "queued", "running"], point
        assert _count(system, attempts) == 1, point
    assert points >= LEAST_POINTS


def test_starting_again_after_redis_lost_everything(sqlite_system: System) -> None:
    system = sqlite_system
    points = 0
    made: list[str] = []

    def prepare() -> None:
        _clear(system)
        made[:] = [actions.trigger(system, OPERATOR, "greet").run_id for _ in range(2)]
        Recorder(system.redis, system.database).step()
        system.redis.flushall()

    def start_again(own: System) -> None:
        now = datetime.now(UTC)
        recognise(own.redis, own.database, now)
        restart_lost_runs(own, now)
        Recorder(own.redis, own.database).step()

    for point in killed_at_each_step(system, prepare, start_again):
        points += 1
        start_again(system)
        assert sorted(_list(system, keys.queue("default"))) == sorted(made), point
        assert [run.status for run in reads.runs(system).items] == ["queued"] * 2, point
    assert points >= LEAST_POINTS


def test_the_enumeration_notices_a_lost_guard(sqlite_system: System) -> None:
    """Firing in two steps, as rq-scheduler does, is caught: push first, advance later."""
    system = sqlite_system

    def prepare() -> None:
        _clear(system)
        reconcile(system, datetime.now(UTC))
        _make_due(system, "greet")

    def two_steps(own: System) -> None:
        if own.redis.zscore(keys.SCHEDULE, "greet") or time.time() < 0:
            own.redis.rpush(keys.queue("default"), "greet--1")
            own.redis.zrem(keys.SCHEDULE, "greet")

    doubled = 0
    for _ in killed_at_each_step(system, prepare, two_steps):
        two_steps(system)
        doubled += len(_list(system, keys.queue("default"))) != 1
    assert doubled
    with pytest.raises(Conflict):
        actions.resume(system, OPERATOR, "greet")
