"""Pausing, resuming and emptying a queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app import actions, keys, reads
from app.errors import Conflict, Forbidden, Unknown
from app.reconcile import reconcile
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, record_all, statuses
from tests.fixtures import OPERATOR, VIEWER


def trigger(system: System, task_id: str = "greet") -> str:
    return actions.trigger(system, OPERATOR, task_id).run_id


def test_no_worker_takes_from_a_paused_queue(system: System) -> None:
    run_id = trigger(system)
    other = trigger(system, "morning")
    assert actions.pause_queue(system, OPERATOR, "default", "quota")
    taken = take(system.redis, system.catalogue, "w", QUEUES)
    assert taken
    assert taken.run_id == other
    assert take(system.redis, system.catalogue, "w", QUEUES) is None
    assert actions.resume_queue(system, OPERATOR, "default")
    taken = take(system.redis, system.catalogue, "w", QUEUES)
    assert taken
    assert taken.run_id == run_id


def test_a_queue_s_pause_outlives_redis(sqlite_system: System) -> None:
    actions.pause_queue(sqlite_system, OPERATOR, "default", "quota")
    sqlite_system.redis.flushall()
    reconcile(sqlite_system, datetime.now(UTC))
    trigger(sqlite_system)
    assert take(sqlite_system.redis, sqlite_system.catalogue, "w", QUEUES) is None


def test_a_queue_s_pause_ends_by_itself(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    until = now + timedelta(minutes=5)
    actions.pause_queue(sqlite_system, OPERATOR, "default", "quota", until, now)
    assert actions.end_expired_pauses(sqlite_system, until) == 1
    with pytest.raises(Conflict):
        actions.resume_queue(sqlite_system, OPERATOR, "default")


def test_a_paused_queue_needs_nobody_and_says_who_paused_it(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    trigger(sqlite_system)
    kinds = [problem.kind for problem in reads.overview(sqlite_system, now).problems]
    assert "queue" in kinds
    actions.pause_queue(sqlite_system, OPERATOR, "default", "quota")
    overview = reads.overview(sqlite_system, now)
    assert "queue" not in [problem.kind for problem in overview.problems]
    pauses = {queue.name: queue.pause for queue in overview.queues}
    assert pauses["default"]
    assert (pauses["default"].by, pauses["default"].reason) == ("olga", "quota")
    assert pauses["low"] is None


def test_pausing_a_queue_pauses_no_task(sqlite_system: System) -> None:
    actions.pause_queue(sqlite_system, OPERATOR, "default", "quota")
    task = reads.task(sqlite_system, "greet", datetime.now(UTC))
    assert (task.state, task.paused_by_all) == ("active", False)
    assert task.next_run_at


def test_emptying_a_queue_cancels_every_run_that_waits(system: System) -> None:
    ids = [trigger(system) for _ in range(450)]
    other = trigger(system, "morning")
    assert actions.empty_queue(system, OPERATOR, "default") == 450
    record_all(system)
    assert {reads.run(system, run_id).status for run_id in ids[:3] + ids[-3:]} == {"cancelled"}
    assert reads.run(system, ids[0]).reason == "queue emptied by olga"
    assert reads.run(system, other).status == "queued"
    assert not system.redis.exists(keys.live("greet"))
    assert actions.empty_queue(system, OPERATOR, "default") == 0


def test_what_is_no_run_of_ours_leaves_the_queue_too(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.hset(keys.job("foreign"), mapping={"status": "queued", "data": b"\x80pickle"})
    redis.hset(
        keys.job("broken"), mapping={"status": "queued", "rota_static": "{", "rota_revision": "x"}
    )
    redis.rpush(keys.queue("default"), "foreign", "broken", "gone", b"\xff")
    assert actions.empty_queue(sqlite_system, OPERATOR, "default") == 4
    assert redis.hget(keys.job("foreign"), "status") == b"canceled"
    assert redis.hget(keys.job("foreign"), "data") == b"\x80pickle"
    assert redis.hget(keys.job("broken"), "status") == b"canceled"
    assert statuses(redis) == []


def test_acts_on_queues_leave_one_audit_row_each(sqlite_system: System) -> None:
    actions.pause_queue(sqlite_system, OPERATOR, "default", "quota")
    actions.resume_queue(sqlite_system, OPERATOR, "default")
    actions.empty_queue(sqlite_system, OPERATOR, "default")
    with pytest.raises(Forbidden):
        actions.empty_queue(sqlite_system, VIEWER, "default")
    rows = reads.audit(sqlite_system).items
    assert [(row.verb, row.target, row.outcome) for row in rows] == [
        ("empty", "queue:default", "refused"),
        ("empty", "queue:default", "accepted"),
        ("resume", "queue:default", "accepted"),
        ("pause", "queue:default", "accepted"),
    ]


def test_an_unknown_queue_or_worker_is_unknown(sqlite_system: System) -> None:
    with pytest.raises(Unknown):
        actions.pause_queue(sqlite_system, OPERATOR, "nothing", "x")
    with pytest.raises(Unknown):
        actions.empty_queue(sqlite_system, OPERATOR, "nothing")
    with pytest.raises(Unknown):
        actions.stop_worker(sqlite_system, OPERATOR, "nobody")
