"""Redis lost or changed its content: everything starts again from what SQL knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from app import actions, keys, reads, scripts
from app.execution import RunExecution
from app.incarnation import recognise, restart_lost_runs
from app.reconcile import reconcile
from app.recorder import Recorder
from app.records.database import writing
from app.records.schema import runs
from app.system import System
from app.taking import Taken, take
from tests.engine.stage import (
    QUEUES,
    events,
    fire_due,
    lead,
    make_due,
    queued,
    record_all,
    rows,
    statuses,
)
from tests.fixtures import OPERATOR


def now() -> datetime:
    return datetime.now(UTC)


def lose_redis(system: System) -> None:
    """Flush Redis and notice it, as the scheduler does."""
    system.redis.flushall()
    assert recognise(system.redis, system.database, now())
    reconcile(system, now())


def start_run(system: System, task_id: str = "waits") -> Taken:
    actions.trigger(system, OPERATOR, task_id)
    taken = take(system.redis, system.catalogue, "w", QUEUES)
    assert taken
    record_all(system)
    return taken


def test_a_new_redis_is_recognised_once(system: System) -> None:
    assert recognise(system.redis, system.database, now())
    assert not recognise(system.redis, system.database, now())
    known = rows(system, "SELECT incarnation, position FROM recorder")[0]
    current: Any = system.redis.get(keys.INCARNATION)
    assert (known["incarnation"], known["position"]) == (current.decode(), "0-0")


def test_a_flush_makes_it_another_one(sqlite_system: System) -> None:
    actions.trigger(sqlite_system, OPERATOR, "greet")
    record_all(sqlite_system)
    before = sqlite_system.redis.get(keys.INCARNATION)
    lose_redis(sqlite_system)
    assert sqlite_system.redis.get(keys.INCARNATION) != before
    assert rows(sqlite_system, "SELECT position FROM recorder")[0]["position"] == "0-0"


def test_the_schedules_are_back_after_a_flush(sqlite_system: System) -> None:
    reconcile(sqlite_system, now())
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    assert sqlite_system.redis.zcard(keys.SCHEDULE) == 3


def test_queued_runs_wait_again_under_their_ids(system: System) -> None:
    runs = [actions.trigger(system, OPERATOR, "greet", {"times": n}).run_id for n in (1, 2)]
    record_all(system)
    lose_redis(system)
    assert restart_lost_runs(system, now()) == 2
    assert sorted(queued(system.redis)) == sorted(runs)
    assert {event.revision for event in events(system.redis)} == {2}
    record_all(system)
    run = reads.run(system, runs[1])
    assert (run.status, run.arguments, run.reason) == ("queued", {"times": 2}, None)
    assert run.triggered_by == "olga"


def test_a_run_by_schedule_keeps_its_fire_time(sqlite_system: System) -> None:
    due = make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lead(sqlite_system))
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    restart_lost_runs(sqlite_system, now())
    (event,) = events(sqlite_system.redis)
    assert event.run_id == f"greet--{int(due.timestamp())}"
    assert event.static["fire_time"] == int(due.timestamp()) * 1000
    assert event.static["schedule_id"] == "greet"
    assert event.static["trigger"] == "schedule"


def test_starting_again_twice_changes_nothing(sqlite_system: System) -> None:
    actions.trigger(sqlite_system, OPERATOR, "greet")
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    assert restart_lost_runs(sqlite_system, now()) == 1
    assert restart_lost_runs(sqlite_system, now()) == 0
    record_all(sqlite_system)
    assert restart_lost_runs(sqlite_system, now()) == 0
    assert len(queued(sqlite_system.redis)) == 1


def test_a_delayed_run_waits_for_its_time_again(sqlite_system: System) -> None:
    at = now() + timedelta(hours=2)
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet", at=at).run_id
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    restart_lost_runs(sqlite_system, now())
    assert queued(sqlite_system.redis) == []
    score = sqlite_system.redis.zscore(keys.delayed("default"), run_id)
    assert score
    assert abs(score - at.timestamp()) < 1


def test_a_rescheduled_run_waits_for_its_new_time_again(sqlite_system: System) -> None:
    first, later = (now().replace(microsecond=0) + timedelta(hours=hours) for hours in (1, 2))
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet", at=first).run_id
    actions.move(sqlite_system, OPERATOR, run_id, later)
    record_all(sqlite_system)
    assert reads.run(sqlite_system, run_id).at == later
    lose_redis(sqlite_system)
    assert restart_lost_runs(sqlite_system, now()) == 1
    assert sqlite_system.redis.zscore(keys.delayed("default"), run_id) == later.timestamp()


def test_an_end_told_once_more_takes_nothing_from_the_history(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    assert restart_lost_runs(sqlite_system, now()) == 1
    args: list[str | bytes | int | float] = [run_id, "greet", "its place was needed"]
    assert scripts.run("cancel", sqlite_system.redis, [keys.job(run_id)], args) == b"CANCELLED"
    # The history is far behind: its event is still to be read.
    with writing(sqlite_system.database) as connection:
        connection.execute(update(runs).values(lost_at=now() - timedelta(minutes=5)))
    assert restart_lost_runs(sqlite_system, now()) == 0
    assert statuses(sqlite_system.redis)[-2:] == [(run_id, "cancelled")] * 2
    record_all(sqlite_system)
    run = reads.run(sqlite_system, run_id)
    assert (run.status, run.reason) == ("cancelled", "its place was needed")


def test_a_running_run_starts_again_after_thirty_seconds(sqlite_system: System) -> None:
    taken = start_run(sqlite_system)
    lose_redis(sqlite_system)
    assert restart_lost_runs(sqlite_system, now() + timedelta(seconds=29)) == 0
    assert restart_lost_runs(sqlite_system, now() + timedelta(seconds=31)) == 1
    assert queued(sqlite_system.redis) == [taken.run_id]
    again = take(sqlite_system.redis, sqlite_system.catalogue, "w2", QUEUES)
    assert again
    assert again.attempt == 2


def test_unless_its_worker_registered_it_again(sqlite_system: System) -> None:
    taken = start_run(sqlite_system)
    execution = RunExecution(sqlite_system.redis, taken, "w")
    lose_redis(sqlite_system)
    execution._beat()
    assert sqlite_system.redis.hget(keys.job(taken.run_id), "status") == b"started"
    assert restart_lost_runs(sqlite_system, now() + timedelta(seconds=31)) == 0
    record_all(sqlite_system)
    run = reads.run(sqlite_system, taken.run_id)
    assert (run.status, run.attempt, run.worker) == ("running", 1, "w")
    assert restart_lost_runs(sqlite_system, now() + timedelta(seconds=99)) == 0
    assert queued(sqlite_system.redis) == []


def test_who_comes_too_late_to_register_is_fenced(sqlite_system: System) -> None:
    taken = start_run(sqlite_system)
    execution = RunExecution(sqlite_system.redis, taken, "w")
    lose_redis(sqlite_system)
    restart_lost_runs(sqlite_system, now() + timedelta(seconds=31))
    execution._beat()
    assert execution.fenced
    # Nor does it help to have asked before the run was started again.
    execution._readmit()
    assert queued(sqlite_system.redis) == [taken.run_id]
    assert sqlite_system.redis.hget(keys.job(taken.run_id), "status") == b"queued"


def test_the_history_is_intact_after_a_flush(sqlite_system: System) -> None:
    make_due(sqlite_system, "greet", periods=3)
    fire_due(sqlite_system, lead(sqlite_system))
    record_all(sqlite_system)
    query = "SELECT run_id, status FROM runs WHERE status = 'missed' ORDER BY run_id"
    before = rows(sqlite_system, query)
    lose_redis(sqlite_system)
    record_all(sqlite_system)
    assert rows(sqlite_system, query) == before
    assert len(before) == 2


def test_ended_runs_do_not_start_again(sqlite_system: System) -> None:
    with_end = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    record_all(sqlite_system)
    actions.cancel(sqlite_system, OPERATOR, with_end)
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    assert restart_lost_runs(sqlite_system, now() + timedelta(seconds=99)) == 0


def test_lost_runs_of_a_task_that_is_gone_hold_up_no_other(sqlite_system: System) -> None:
    old = now() - timedelta(days=1)
    for number in range(250):
        actions.trigger(sqlite_system, OPERATOR, "morning", now=old + timedelta(seconds=number))
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    record_all(sqlite_system)
    lose_redis(sqlite_system)
    del sqlite_system.catalogue.tasks["morning"]
    for _ in range(3):
        restart_lost_runs(sqlite_system, now())
    assert queued(sqlite_system.redis) == [run_id]


def test_an_identity_that_is_no_text_is_recognised_once(system: System) -> None:
    now = datetime.now(UTC)
    system.redis.set(keys.INCARNATION, b"\xff")
    assert recognise(system.redis, system.database, now)
    assert not recognise(system.redis, system.database, now)
    actions.trigger(system, OPERATOR, "greet")
    assert Recorder(system.redis, system.database).step() == 1
