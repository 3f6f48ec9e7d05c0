"""Changing when a task fires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app import actions, keys, reads
from app.errors import Conflict, Invalid, Unknown
from app.reconcile import reconcile
from app.records.database import writing
from app.records.schema import schedules
from app.system import System
from tests.engine.stage import fire_due, lead, make_due, queued, record_all
from tests.fixtures import OPERATOR, release


@pytest.fixture
def placed(system: System) -> System:
    """A system whose schedules stand in Redis."""
    reconcile(system, datetime.now(UTC))
    return system


def _due(system: System, schedule_id: str) -> float | None:
    found: Any = system.redis.zscore(keys.SCHEDULE, schedule_id)
    return None if found is None else float(found)


def test_a_rescheduled_task_fires_at_its_new_time_and_survives_a_deploy(placed: System) -> None:
    assert actions.reschedule(placed, OPERATOR, "greet", cron="0 4 * * *", timezone="Asia/Tokyo")
    due = _due(placed, "greet")
    assert due is not None
    assert datetime.fromtimestamp(due, UTC).hour == 19
    release(placed)
    view = reads.task(placed, "greet", datetime.now(UTC))
    assert view.schedule is not None
    assert (view.schedule.cron, view.schedule.timezone) == ("0 4 * * *", "Asia/Tokyo")


def test_reset_brings_the_codes_schedule_back(placed: System) -> None:
    actions.reschedule(placed, OPERATOR, "greet", every="2h")
    assert actions.reset(placed, OPERATOR, "greet")
    view = reads.task(placed, "greet", datetime.now(UTC))
    assert view.schedule is not None
    assert view.schedule.every_seconds == 1800
    with pytest.raises(Conflict, match="nothing to reset"):
        actions.reset(placed, OPERATOR, "greet")


@pytest.mark.parametrize(
    "wrong",
    [{"cron": "61 * * * *"}, {"every": "0s"}, {"cron": "0 0 30 2 *"}, {},
     {"cron": "@daily", "every": "1h"}, {"cron": "0 9 * * *", "timezone": "Mars/Olympus"}],
)  # fmt: skip
def test_nonsense_is_refused_and_changes_nothing(placed: System, wrong: dict[str, Any]) -> None:
    before = _due(placed, "greet")
    with pytest.raises(Invalid):
        actions.reschedule(placed, OPERATOR, "greet", **wrong)
    assert _due(placed, "greet") == before
    (row,) = reads.audit(placed).items
    assert (row.verb, row.target, row.outcome) == ("reschedule", "greet", "refused")


def test_further_schedules_come_and_go(placed: System) -> None:
    made = actions.create_schedule(
        placed, OPERATOR, "greet", "night", cron="0 3 * * *", arguments={"name": "owl"}
    )
    assert made == "greet-night"
    assert _due(placed, made) is not None
    with pytest.raises(Conflict, match="exists"):
        actions.create_schedule(placed, OPERATOR, "greet", "night", every="1h")
    with pytest.raises(Conflict, match="declared in code"):
        actions.delete_schedule(placed, OPERATOR, "greet")
    assert actions.delete_schedule(placed, OPERATOR, made)
    assert _due(placed, made) is None
    with pytest.raises(Unknown):
        actions.delete_schedule(placed, OPERATOR, made)
    assert actions.create_schedule(placed, OPERATOR, "greet", "night", every="1h") == made


def test_skipping_takes_the_next_fire_time_and_then_the_one_after(placed: System) -> None:
    first = actions.skip(placed, OPERATOR, "greet")
    second = actions.skip(placed, OPERATOR, "greet")
    assert second - first == timedelta(minutes=30)
    assert reads.task(placed, "greet", datetime.now(UTC)).next_run_at == second + (second - first)
    assert placed.redis.hget(keys.skips("greet"), str(int(first.timestamp()))) == b"olga"


def test_a_skip_survives_the_loss_of_redis(placed: System) -> None:
    chosen = actions.skip(placed, OPERATOR, "greet")
    placed.redis.flushall()
    reconcile(placed, datetime.now(UTC))
    assert placed.redis.hexists(keys.skips("greet"), str(int(chosen.timestamp())))


def test_a_skipped_fire_time_that_came_while_redis_was_lost_does_not_run(placed: System) -> None:
    redis = placed.redis
    due = make_due(placed, "greet")
    before = due - timedelta(seconds=5)
    actions.skip(placed, OPERATOR, "greet", due, now=before)
    with writing(placed.database) as connection:
        last = due - timedelta(minutes=30)
        mine = schedules.c.schedule_id == "greet"
        connection.execute(update(schedules).where(mine).values(last_fire_time=last))
    redis.flushall()
    lock = lead(placed)
    reconcile(placed, datetime.now(UTC))
    assert fire_due(placed, lock)["SKIPPED"] == 1
    assert f"greet--{int(due.timestamp())}" not in queued(redis)


def test_a_skip_that_was_honoured_is_not_noted_again(placed: System) -> None:
    lock, due = lead(placed), make_due(placed, "greet")
    actions.skip(placed, OPERATOR, "greet", due, now=due - timedelta(seconds=5))
    assert fire_due(placed, lock) == {"SKIPPED": 1}
    record_all(placed)
    reconcile(placed, datetime.now(UTC))
    assert not placed.redis.exists(keys.skips("greet"))


def test_only_coming_fire_times_of_active_tasks_can_be_skipped(placed: System) -> None:
    with pytest.raises(Invalid, match="does not fire then"):
        actions.skip(placed, OPERATOR, "greet", datetime.now(UTC) + timedelta(seconds=7))
    with pytest.raises(Conflict, match="no coming fire time"):
        actions.skip(placed, OPERATOR, "fails")
    actions.pause(placed, OPERATOR, "greet", "closed")
    with pytest.raises(Conflict, match="is paused"):
        actions.skip(placed, OPERATOR, "greet")
