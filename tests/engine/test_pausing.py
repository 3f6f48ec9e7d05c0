"""Pause and resume: one task or everything, with a reason, until a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app import actions, keys, reads
from app.errors import Conflict, Forbidden, Invalid, Unknown
from app.reconcile import reconcile
from app.records.database import writing
from app.records.schema import schedules
from app.system import System
from tests.engine.stage import (
    fire_due,
    held,
    lead,
    make_due,
    queued,
    record_all,
    rows,
    statuses,
)
from tests.fixtures import OPERATOR, VIEWER


def now() -> datetime:
    return datetime.now(UTC)


def test_a_pause_says_who_when_and_why(system: System) -> None:
    until = now() + timedelta(hours=1)
    assert actions.pause(system, OPERATOR, "greet", "  the office\n is closed ", until)
    task = reads.task(system, "greet", now())
    assert task.state == "paused"
    assert task.next_run_at is None
    assert task.pause
    assert (task.pause.by, task.pause.reason) == ("olga", "the office is closed")
    assert task.pause.until == until
    note = system.redis.hget(keys.PAUSES, "greet")
    assert note
    assert json.loads(note)["reason"] == "the office is closed"


def fire_times(due: datetime, count: int) -> list[str]:
    """Return the runs of `greet`, half an hour apart."""
    return [f"greet--{int(due.timestamp()) + number * 1800}" for number in range(count)]


def test_a_resumed_task_fires_from_then_on_and_not_what_came_meanwhile(
    sqlite_system: System,
) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday", now=now() - timedelta(hours=3))
    make_due(sqlite_system, "greet", periods=3)
    actions.resume(sqlite_system, OPERATOR, "greet")
    redis.zrem(keys.SCHEDULE, "tick", "morning")
    assert fire_due(sqlite_system, lock) == {}
    assert statuses(redis) == []
    assert int(held(redis, "greet")["nominal"]) > now().timestamp()


@pytest.mark.parametrize("everything", [False, True])
def test_what_was_due_before_a_pause_and_had_not_fired_is_missed(
    sqlite_system: System, everything: bool
) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet", periods=3)
    if everything:
        actions.pause_everything(sqlite_system, OPERATOR, "holiday")
        actions.pause_everything(sqlite_system, OPERATOR, "holidays")
        actions.resume_everything(sqlite_system, OPERATOR)
    else:
        actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
        reconcile(sqlite_system, now())
        actions.resume(sqlite_system, OPERATOR, "greet")
    reconcile(sqlite_system, now())
    missed = fire_times(due, 3)
    assert statuses(redis) == [(run_id, "missed") for run_id in missed]
    record_all(sqlite_system)
    reason = str(reads.run(sqlite_system, missed[0]).reason)
    assert reason.startswith("paused by olga before it could run: holiday")
    assert int(held(redis, "greet")["nominal"]) > now().timestamp()


def test_what_a_flush_took_before_a_pause_is_missed(sqlite_system: System) -> None:
    due = make_due(sqlite_system, "greet", periods=3)
    with writing(sqlite_system.database) as connection:
        before = due - timedelta(minutes=30)
        connection.execute(update(schedules).values(last_fire_time=before))
    sqlite_system.redis.flushall()
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    reconcile(sqlite_system, now())
    missed = [run for run in statuses(sqlite_system.redis) if run[0].startswith("greet--")]
    assert missed == [(run_id, "missed") for run_id in fire_times(due, 3)]


def test_a_pause_survives_the_loss_of_redis(sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    sqlite_system.redis.flushall()
    reconcile(sqlite_system, now())
    assert sqlite_system.redis.hexists(keys.PAUSES, "greet")
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is None
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "morning") is not None


def test_a_pause_leaves_queued_runs_alone(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    assert queued(sqlite_system.redis) == [run_id]


def test_pausing_again_replaces_reason_and_end(sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "first", now() + timedelta(hours=1))
    actions.pause(sqlite_system, OPERATOR, "greet", "second")
    pause = reads.task(sqlite_system, "greet", now()).pause
    assert pause
    assert (pause.reason, pause.until) == ("second", None)


def test_a_pause_ends_at_its_time_by_itself(sqlite_system: System) -> None:
    until = now() + timedelta(minutes=5)
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday", until)
    actions.pause(sqlite_system, OPERATOR, "morning", "for good")
    assert actions.end_expired_pauses(sqlite_system, until - timedelta(seconds=1)) == 0
    assert actions.end_expired_pauses(sqlite_system, until) == 1
    assert reads.task(sqlite_system, "greet", now()).state == "active"
    assert reads.task(sqlite_system, "morning", now()).state == "paused"
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is not None
    assert reads.audit(sqlite_system).items[0].via == "scheduler"


def test_two_who_end_the_same_pause_do_not_disturb_each_other(sqlite_system: System) -> None:
    until = now() + timedelta(minutes=5)
    errors: list[Exception] = []

    def end() -> None:
        try:
            actions.end_expired_pauses(sqlite_system, until)
        except Exception as error:
            errors.append(error)

    for _ in range(5):
        actions.pause(sqlite_system, OPERATOR, "greet", "holiday", until)
        threads = [threading.Thread(target=end) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    resumed = rows(sqlite_system, "SELECT * FROM audit WHERE verb = 'resume'")
    assert len(resumed) == 5


def test_everything_is_paused_and_each_task_says_so(sqlite_system: System) -> None:
    assert actions.pause_everything(sqlite_system, OPERATOR, "move of the office")
    tasks = reads.tasks(sqlite_system, now())
    assert all(task.paused_by_all and task.next_run_at is None for task in tasks)
    pause = reads.overview(sqlite_system, now()).pause
    assert pause
    assert pause.reason == "move of the office"


def test_after_everything_was_paused_nothing_fires_late(sqlite_system: System) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    make_due(sqlite_system, "greet", periods=3)
    actions.pause_everything(sqlite_system, OPERATOR, "move of the office")
    assert fire_due(sqlite_system, lock) == {}
    actions.resume_everything(sqlite_system, OPERATOR)
    redis.zrem(keys.SCHEDULE, "tick", "morning")
    assert fire_due(sqlite_system, lock) == {}
    assert int(held(redis, "greet")["nominal"]) > now().timestamp()


def test_what_was_paused_by_itself_stays_so_when_everything_goes_on(sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    actions.pause_everything(sqlite_system, OPERATOR, "move of the office")
    actions.resume_everything(sqlite_system, OPERATOR)
    assert set(sqlite_system.redis.hkeys(keys.PAUSES)) == {b"greet", b":revision"}
    assert reads.task(sqlite_system, "greet", now()).state == "paused"


def test_only_what_is_paused_can_be_resumed(sqlite_system: System) -> None:
    with pytest.raises(Conflict, match="greet is active"):
        actions.resume(sqlite_system, OPERATOR, "greet")
    with pytest.raises(Conflict, match="Nothing is paused as a whole"):
        actions.resume_everything(sqlite_system, OPERATOR)
    with pytest.raises(Unknown):
        actions.pause(sqlite_system, OPERATOR, "nobody", "holiday")


def test_a_reason_that_says_nothing_or_cannot_be_kept_is_refused(system: System) -> None:
    for reason in ("", " \n ", "x" * 501, "zero \x00", "half \ud800"):
        with pytest.raises(Invalid) as refused:
            actions.pause(system, OPERATOR, "greet", reason)
        assert "reason" in refused.value.fields


def test_an_end_in_the_past_is_refused(sqlite_system: System) -> None:
    with pytest.raises(Invalid) as refused:
        actions.pause(sqlite_system, OPERATOR, "greet", "holiday", now() - timedelta(hours=1))
    assert "until" in refused.value.fields


def test_every_act_leaves_one_audit_row_with_before_and_after(sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "first")
    actions.pause(sqlite_system, OPERATOR, "greet", "second")
    actions.resume(sqlite_system, OPERATOR, "greet")
    resumed, second, first = reads.audit(sqlite_system).items
    assert first.before is None
    assert (second.before["reason"], second.after["reason"]) == ("first", "second")
    assert (resumed.before["reason"], resumed.after) == ("second", None)


def test_a_viewer_may_neither_pause_nor_resume(sqlite_system: System) -> None:
    acts: list[Callable[[], object]] = [
        lambda: actions.pause(sqlite_system, VIEWER, "greet", "holiday"),
        lambda: actions.resume(sqlite_system, VIEWER, "greet"),
        lambda: actions.pause_everything(sqlite_system, VIEWER, "holiday"),
        lambda: actions.resume_everything(sqlite_system, VIEWER),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    refused = rows(sqlite_system, "SELECT verb, target, outcome FROM audit ORDER BY id")
    assert [tuple(row.values()) for row in refused] == [
        ("pause", "greet", "refused"),
        ("resume", "greet", "refused"),
        ("pause", "*", "refused"),
        ("resume", "*", "refused"),
    ]
