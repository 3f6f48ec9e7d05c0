"""A schedule with `max_runs` starts so many runs and no more, whatever happens between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import actions, keys, reads
from app.catalogue import Catalogue
from app.due import look
from app.firing import fire
from app.incarnation import recognise
from app.reconcile import reconcile
from app.records.database import writing
from app.records.releases import adopt_catalogue
from app.schedules import every
from app.system import System
from app.tasks import Task, TaskSchedule
from app.views import TaskView
from tests.engine.crash_points import killed_at_each_step
from tests.engine.stage import (
    QUEUES,
    fire_due,
    held,
    lead,
    make_due,
    queued,
    record_all,
    rows,
    statuses,
)
from tests.fixtures import OPERATOR, release

LEAST_POINTS = 4


def limit(system: System, most: int, task_id: str = "tick", **more: Any) -> None:
    actions.reschedule(system, OPERATOR, task_id, every="1m", max_runs=most, **more)


def fire_times(system: System, lock: str, number: int, task_id: str = "tick") -> None:
    """Let `number` fire times come, one after the other, as far as the schedule still has any."""
    for _ in range(number):
        found = held(system.redis, task_id)
        if not found.get("nominal"):
            return
        # Hours ago, one minute after the other, each fired on time.
        now = int(datetime.now(UTC).timestamp()) // 60 * 60
        time = max(now - 6 * 3600, int(found.get("last", 0))) + 60
        system.redis.hset(keys.schedule(task_id), "nominal", time)
        system.redis.delete(keys.SCHEDULE)
        system.redis.zadd(keys.SCHEDULE, {task_id: time})
        due = replace(look(system.redis, lock, QUEUES), now=datetime.fromtimestamp(time, UTC))
        fire(system.redis, lock, due)


def view(system: System, task_id: str = "tick") -> TaskView:
    record_all(system)
    return reads.task(system, task_id, datetime.now(UTC))


def left(system: System, task_id: str = "tick") -> int | None:
    schedule = view(system, task_id).schedule
    assert schedule is not None
    return schedule.runs_left


@pytest.fixture
def misfire_all(sqlite_system: System) -> System:
    """A system whose `tick` makes every missed fire time good."""
    changed = _with_task(sqlite_system, misfire="all")
    release(changed)
    return changed


def _with_task(system: System, **changes: Any) -> System:
    old = system.catalogue.tasks["tick"]
    settings = {
        name: getattr(old, name)
        for name in ("queue", "timeout_seconds", "retry", "overlap", "misfire", "grace_seconds",
                     "start_within_seconds", "limit")
    }  # fmt: skip
    task: Task[Any, Any] = Task(old.function, old.schedules, **settings | changes)
    tasks = {**system.catalogue.tasks, "tick": task}
    return replace(system, catalogue=Catalogue(tasks, system.catalogue.timezone))


def test_it_starts_so_many_runs_and_then_is_finished(system: System) -> None:
    lock = lead(system)
    limit(system, 3)
    shown = view(system)
    assert shown.schedule is not None
    assert shown.schedule.text == "Every minute, at most 3 runs, 3 left"
    fire_times(system, lock, 2)
    assert left(system) == 1
    fire_times(system, lock, 4)
    shown = view(system)
    assert len(queued(system.redis)) == 3
    assert shown.schedule is not None
    assert shown.schedule.text == "Every minute, at most 3 runs, none left"
    assert (shown.schedule.state, shown.state) == ("finished", "finished")
    assert shown.next_run_at is None
    assert system.redis.zscore(keys.SCHEDULE, "tick") is None
    overview = reads.overview(system, datetime.now(UTC))
    assert overview.tasks["finished"] == 1


def test_a_reconciliation_a_deploy_and_a_pause_leave_the_count(system: System) -> None:
    lock = lead(system)
    limit(system, 3)
    fire_times(system, lock, 2)
    record_all(system)
    release(system)
    reconcile(system, datetime.now(UTC))
    # Before any of these fire times, so that none is missed by it.
    actions.pause(system, OPERATOR, "tick", "lunch", now=datetime.now(UTC) - timedelta(days=1))
    actions.resume(system, OPERATOR, "tick")
    assert left(system) == 1
    fire_times(system, lock, 3)
    assert len(queued(system.redis)) == 3
    release(system)
    reconcile(system, datetime.now(UTC))
    assert system.redis.zscore(keys.SCHEDULE, "tick") is None
    assert view(system).state == "finished"


def test_a_deploy_that_changes_something_else_leaves_the_count(sqlite_system: System) -> None:
    lock = lead(sqlite_system)
    limit(sqlite_system, 3)
    fire_times(sqlite_system, lock, 2)
    record_all(sqlite_system)
    changed = _with_task(sqlite_system, queue="high")
    release(changed)
    reconcile(changed, datetime.now(UTC))
    fire_times(changed, lock, 3)
    assert len(queued(changed.redis)) == 2
    assert len(queued(changed.redis, "high")) == 1


def test_after_the_loss_of_redis_it_goes_on_from_what_sql_counted(system: System) -> None:
    lock = lead(system)
    limit(system, 3)
    fire_times(system, lock, 2)
    record_all(system)
    system.redis.flushall()
    recognise(system.redis, system.database, datetime.now(UTC))
    reconcile(system, datetime.now(UTC))
    lock = lead(system)
    fire_times(system, lock, 3)
    assert len(queued(system.redis)) == 1
    assert left(system) == 0
    system.redis.flushall()
    recognise(system.redis, system.database, datetime.now(UTC))
    reconcile(system, datetime.now(UTC))
    assert system.redis.zscore(keys.SCHEDULE, "tick") is None


def test_what_was_skipped_or_missed_does_not_count(sqlite_system: System) -> None:
    system = sqlite_system
    actions.reschedule(system, OPERATOR, "greet", every="1m", max_runs=2)
    lock = lead(system)
    fire_times(system, lock, 3, "greet")
    make_due(system, "greet", periods=3)
    fire_due(system, lock)
    found = [status for _, status in statuses(system.redis)]
    assert found == ["queued", "skipped", "skipped", "missed", "missed", "skipped"]
    assert left(system, "greet") == 1


def test_what_is_made_good_counts_and_ends_at_the_limit(misfire_all: System) -> None:
    limit(misfire_all, 3)
    lock = lead(misfire_all)
    make_due(misfire_all, "tick", periods=6)
    while fire_due(misfire_all, lock):
        pass
    assert len(queued(misfire_all.redis)) == 3
    assert left(misfire_all) == 0


def test_another_schedule_counts_anew_and_late_events_of_the_old_one_do_not(
    system: System,
) -> None:
    lock = lead(system)
    limit(system, 3)
    fire_times(system, lock, 2)
    limit(system, 5, end=datetime.now(UTC) + timedelta(days=1))
    assert left(system) == 5
    fire_times(system, lock, 1)
    assert left(system) == 4
    actions.reset(system, OPERATOR, "tick")
    assert left(system) is None


def test_a_limit_in_code_holds_and_is_counted_anew_when_the_code_changes_it(
    sqlite_system: System,
) -> None:
    lock = lead(sqlite_system)
    for most, fired in ((2, 2), (1, 1)):
        task = sqlite_system.catalogue.tasks["tick"]
        schedules = (TaskSchedule("tick", every("1m", max_runs=most)),)
        changed = _with_task(sqlite_system)
        changed.catalogue.tasks["tick"].schedules = schedules
        assert task.schedules != schedules
        before = len(queued(sqlite_system.redis))
        with writing(changed.database) as connection:
            adopt_catalogue(connection, changed.catalogue, datetime.now(UTC))
        reconcile(changed, datetime.now(UTC))
        fire_times(changed, lock, 3)
        assert len(queued(sqlite_system.redis)) - before == fired
        record_all(changed)


def test_a_kill_at_any_step_of_firing_counts_each_run_once(sqlite_system: System) -> None:
    system, points = sqlite_system, 0

    def prepare() -> None:
        system.redis.flushall()
        with writing(system.database) as connection:
            connection.exec_driver_sql("DELETE FROM runs")
        actions.reschedule(system, OPERATOR, "tick", every="1m")
        limit(system, 2)
        make_due(system, "tick")

    def fire_once(own: System) -> None:
        fire_due(own, lead(own, "crash"))

    for point in killed_at_each_step(system, prepare, fire_once):
        points += 1
        system.redis.delete(keys.LOCK)
        fire_once(system)
        assert len(queued(system.redis)) == 1, point
        assert held(system.redis, "tick")["fired"] == "1", point
        assert left(system) == 1, point
        (row,) = rows(system, "SELECT fired FROM schedules WHERE schedule_id = 'tick'")
        assert row["fired"] == 1, point
    assert points >= LEAST_POINTS


def test_a_pass_repeated_by_another_scheduler_counts_nothing_again(sqlite_system: System) -> None:
    system = sqlite_system
    limit(system, 2)
    lock = lead(system)
    make_due(system, "tick")
    from_before = held(system.redis, "tick")
    fire_due(system, lock)
    system.redis.hset(keys.schedule("tick"), "nominal", from_before["nominal"])
    system.redis.zadd(keys.SCHEDULE, {"tick": int(from_before["nominal"])})
    assert fire_due(system, lock) == {"ADVANCED": 1}
    assert held(system.redis, "tick")["fired"] == "1"
    assert queued(system.redis) == [f"tick--{from_before['nominal']}"]


def test_fire_times_shown_end_with_the_limit_and_with_the_end(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    limit(sqlite_system, 3)
    assert len(reads.fire_times(sqlite_system, "tick", 10, now=now).fire_times) == 3
    found = reads.fire_times(sqlite_system, "tick", 10, now=now, every="1m", max_runs=2)
    assert len(found.fire_times) == 2
    soon = now + timedelta(minutes=5)
    found = reads.fire_times(sqlite_system, "tick", 10, now=now, every="1m", end=soon)
    assert len(found.fire_times) == 5
    tried = reads.preview(sqlite_system, "tick", now, every="1m", max_runs=4)
    assert (len(tried.fire_times), tried.tried_a_week, tried.present_a_week) == (4, 4, 3)


def test_a_schedule_whose_end_has_passed_is_finished(sqlite_system: System) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    actions.reschedule(sqlite_system, OPERATOR, "tick", every="1m", end=soon)
    assert reads.task(sqlite_system, "tick", datetime.now(UTC)).state == "active"
    later = reads.task(sqlite_system, "tick", soon + timedelta(seconds=1))
    assert later.schedule is not None
    assert (later.state, later.schedule.state) == ("finished", "finished")
