"""Schedules in Redis become what SQL decided; unchanged ones keep their due, unfired times."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from app import actions, keys
from app import reconcile as reconciliation
from app.catalogue import Catalogue
from app.definitions import Definition, definition_from_json
from app.reconcile import Held, plan, reconcile
from app.records.database import writing
from app.records.releases import adopt_catalogue
from app.schedules import every
from app.system import System
from app.tasks import Task, TaskSchedule
from tests.engine.stage import (
    fire_due,
    held,
    lead,
    make_due,
    record_all,
    rows,
    server_now,
    stand_at,
    statuses,
)
from tests.fixtures import OPERATOR

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """An instant around noon."""
    return NOON + timedelta(minutes=minutes)


def epoch(minutes: float) -> int:
    return int(at(minutes).timestamp())


def half_hourly() -> Definition:
    document: dict[str, Any] = {
        "task_id": "greet",
        "path": "tests.samples.basic.greet",
        "schedule": every("30m").in_zone("UTC").to_json(),
        "arguments": {},
        "queue": "default",
        "timeout_seconds": 60,
        "overlap": "skip",
        "misfire": "latest",
        "grace_seconds": None,
    }
    return definition_from_json(document)


# --- the plan ------------------------------------------------------------------------------------

NEW = Held(None, None, None)
PLANS: dict[str, tuple[Held, int | None, datetime | None, datetime]] = {
    # what Redis holds, newest fire time SQL knows, end of the last pause, what is wanted
    "a new schedule starts after now": (NEW, None, None, at(30)),
    "one that redis lost goes on after what SQL knows": (NEW, epoch(-90), None, at(-60)),
    "an unchanged one keeps its coming time": (
        Held(1, epoch(30), epoch(0)), epoch(0), None, at(30),
    ),
    "an unchanged one keeps its due, unfired time": (
        Held(1, epoch(-30), epoch(-60)), epoch(-60), None, at(-30),
    ),
    "SQL being behind changes nothing": (Held(1, epoch(30), epoch(0)), epoch(-60), None, at(30)),
    "redis being behind SQL goes on after what SQL knows": (
        Held(1, epoch(-120), epoch(-150)), epoch(-30), None, at(0),
    ),
    "an edited one starts after now": (Held(0, epoch(20), None), None, None, at(30)),
    "an edited one keeps a due time that it still has": (
        Held(0, epoch(-30), None), None, None, at(-30),
    ),
    "an edited one drops a due time that it no longer has": (
        Held(0, epoch(-20), None), None, None, at(30),
    ),
    "a resumed one starts after now": (Held(1, None, epoch(-90)), epoch(-90), at(0), at(30)),
    "a resumed one never fires what its pause covered": (
        Held(1, epoch(-60), epoch(-90)), epoch(-90), at(-10), at(0),
    ),
    "not even when redis lost it": (NEW, epoch(-300), at(-100), at(-90)),
    "a time after the end of the pause stays due": (
        Held(1, epoch(-30), None), None, at(-40), at(-30),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANS)
def test_the_plan(name: str) -> None:
    state, last, resumed_at, wanted = PLANS[name]
    assert plan(half_hourly(), 1, state, last, resumed_at, NOON) == wanted


def test_a_schedule_that_has_ended_has_no_next_fire_time() -> None:
    ended = replace(half_hourly().schedule, end=at(-1))
    definition = replace(half_hourly(), schedule=ended)
    assert plan(definition, 1, NEW, None, None, NOON) is None


# --- what it does to redis -----------------------------------------------------------------------


def test_every_schedule_of_the_release_stands_in_redis(system: System) -> None:
    now = datetime.now(UTC)
    assert reconcile(system, now) == 3
    assert system.redis.zcard(keys.SCHEDULE) == 3
    greet = held(system.redis, "greet")
    assert now.timestamp() < int(greet["nominal"]) <= now.timestamp() + 1800
    assert json.loads(greet["definition"])["path"] == "tests.samples.basic.greet"


def test_doing_it_again_changes_nothing(sqlite_system: System) -> None:
    reconcile(sqlite_system, datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(hours=5)
    assert reconcile(sqlite_system, later) == 0


def test_a_due_unfired_time_stays_due(sqlite_system: System) -> None:
    due = make_due(sqlite_system, "greet")
    reconcile(sqlite_system, datetime.now(UTC))
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") == due.timestamp()


def test_a_score_that_a_stranger_moved_is_put_right(sqlite_system: System) -> None:
    reconcile(sqlite_system, datetime.now(UTC))
    nominal = int(held(sqlite_system.redis, "greet")["nominal"])
    sqlite_system.redis.zadd(keys.SCHEDULE, {"greet": nominal + 999, "morning": 5})
    sqlite_system.redis.zrem(keys.SCHEDULE, "tick")
    assert reconcile(sqlite_system, datetime.now(UTC)) == 3
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") == nominal
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "tick") is not None


def test_a_template_that_somebody_deleted_is_written_again(sqlite_system: System) -> None:
    reconcile(sqlite_system, datetime.now(UTC))
    sqlite_system.redis.delete(keys.job("greet"))
    reconcile(sqlite_system, datetime.now(UTC))
    job = Job.fetch("greet", connection=sqlite_system.redis, serializer=JSONSerializer)
    assert job.func_name == "tests.samples.basic.greet"
    assert job.meta["interval"] == 1800


@pytest.mark.parametrize("garbage", ["text", "revision", "nominal"])
def test_garbage_in_place_of_a_schedule_is_replaced(sqlite_system: System, garbage: str) -> None:
    redis = sqlite_system.redis
    reconcile(sqlite_system, datetime.now(UTC))
    if garbage == "text":
        redis.delete(keys.schedule("greet"))
        redis.set(keys.schedule("greet"), "text")
    else:
        redis.hset(keys.schedule("greet"), garbage, "garbage")
    reconcile(sqlite_system, datetime.now(UTC))
    now = server_now(redis).timestamp()
    assert now < int(held(redis, "greet")["nominal"]) <= now + 1800


def test_a_fire_in_the_middle_of_a_reconciliation_is_not_taken_back(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    due = make_due(sqlite_system, "greet")
    read = reconciliation._held

    def read_then_fire(*arguments: Any) -> list[Held]:
        answer = read(*arguments)
        fire_due(sqlite_system, lock)
        return answer

    monkeypatch.setattr(reconciliation, "_held", read_then_fire)
    reconcile(sqlite_system, datetime.now(UTC))
    following = int(due.timestamp()) + 1800
    assert held(redis, "greet")["nominal"] == str(following)
    assert redis.zscore(keys.SCHEDULE, "greet") == following
    assert [run for run, _ in statuses(redis)].count(f"greet--{int(due.timestamp())}") == 1


# --- the loss of redis ---------------------------------------------------------------------------


def test_after_a_flush_the_misfire_policy_judges_what_was_missed(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    oldest = make_due(sqlite_system, "greet", periods=4)
    stand_at(redis, "greet", oldest)
    newest_known = int((oldest + timedelta(minutes=30)).timestamp())
    with writing(sqlite_system.database) as connection:
        connection.exec_driver_sql(
            "UPDATE schedules SET last_fire_time = ? WHERE schedule_id = 'greet'",
            (datetime.fromtimestamp(newest_known, UTC).replace(tzinfo=None).isoformat(" "),),
        )
    redis.flushall()
    reconcile(sqlite_system, datetime.now(UTC))
    redis.zrem(keys.SCHEDULE, "tick", "morning")
    assert fire_due(sqlite_system, lead(sqlite_system)) == {"FIRED": 1}
    times = [newest_known + 1800, newest_known + 3600]
    assert statuses(redis) == [(f"greet--{times[0]}", "missed"), (f"greet--{times[1]}", "queued")]


def test_a_fire_time_that_sql_knows_is_not_fired_again_by_an_older_redis(
    sqlite_system: System,
) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    due = make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lock)
    record_all(sqlite_system)
    stand_at(redis, "greet", due)  # as a restored copy would
    redis.delete(keys.job(f"greet--{int(due.timestamp())}"))
    reconcile(sqlite_system, datetime.now(UTC))
    redis.zrem(keys.SCHEDULE, "tick", "morning")
    assert fire_due(sqlite_system, lock) == {}


# --- releases ------------------------------------------------------------------------------------


def without(catalogue: Catalogue, task_id: str) -> Catalogue:
    tasks = {name: task for name, task in catalogue.tasks.items() if name != task_id}
    return Catalogue(tasks, catalogue.timezone)


def changed(catalogue: Catalogue, task_id: str, period: str) -> Catalogue:
    task = catalogue.task(task_id)
    copy: Task[Any, Any] = Task.__new__(Task)
    copy.__dict__.update(task.__dict__)
    copy.schedules = (TaskSchedule(task_id, every(period)),)
    return Catalogue({**catalogue.tasks, task_id: copy}, catalogue.timezone)


def adopt(system: System, catalogue: Catalogue, now: datetime) -> None:
    with writing(system.database) as connection:
        adopt_catalogue(connection, catalogue, now)
    reconcile(system, now)


def test_a_schedule_that_the_code_changed_starts_after_now(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    reconcile(sqlite_system, now)
    adopt(sqlite_system, changed(sqlite_system.catalogue, "greet", "7m"), now)
    nominal = int(held(sqlite_system.redis, "greet")["nominal"])
    assert now.timestamp() < nominal <= now.timestamp() + 420
    assert nominal % 420 == 0


def test_what_the_code_no_longer_has_is_retired_after_ten_minutes(system: System) -> None:
    now = datetime.now(UTC)
    reconcile(system, now)
    fewer = without(system.catalogue, "greet")
    adopt(system, fewer, now)
    assert system.redis.zscore(keys.SCHEDULE, "greet") is not None
    adopt(system, fewer, now + timedelta(minutes=9, seconds=59))
    assert system.redis.zscore(keys.SCHEDULE, "greet") is not None
    adopt(system, fewer, now + timedelta(minutes=10))
    assert system.redis.zscore(keys.SCHEDULE, "greet") is None
    assert system.redis.exists(keys.schedule("greet"), keys.job("greet")) == 0
    assert len(rows(system, "SELECT * FROM schedules WHERE schedule_id = 'greet'")) == 1


def test_what_comes_back_in_time_was_never_away(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    fewer = without(sqlite_system.catalogue, "greet")
    adopt(sqlite_system, fewer, now)
    adopt(sqlite_system, sqlite_system.catalogue, now + timedelta(minutes=5))
    adopt(sqlite_system, fewer, now + timedelta(minutes=12))
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is not None


def test_what_comes_back_after_it_was_retired_fires_again(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    fewer = without(sqlite_system.catalogue, "greet")
    adopt(sqlite_system, fewer, now)
    adopt(sqlite_system, fewer, now + timedelta(minutes=10))
    adopt(sqlite_system, sqlite_system.catalogue, now + timedelta(minutes=20))
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is not None


def test_a_deploy_keeps_what_a_person_changed(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    actions.reschedule(sqlite_system, OPERATOR, "greet", every="7m")
    adopt(sqlite_system, changed(sqlite_system.catalogue, "tick", "2s"), now)
    assert (
        json.loads(held(sqlite_system.redis, "greet")["definition"])["schedule"]["every_seconds"]
        == 420
    )


def test_where_the_code_changed_the_same_field_the_code_wins(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    actions.reschedule(sqlite_system, OPERATOR, "greet", every="7m")
    adopt(sqlite_system, changed(sqlite_system.catalogue, "greet", "11m"), now)
    definition = json.loads(held(sqlite_system.redis, "greet")["definition"])
    assert definition["schedule"]["every_seconds"] == 660
    (override,) = rows(sqlite_system, "SELECT * FROM overrides")
    assert override["archived_at"] is not None


def test_a_fire_time_that_has_fired_is_not_held_again() -> None:
    # Rescheduled by a host whose clock is behind, or after a clock had jumped ahead.
    held = Held(revision=4, nominal=epoch(30), last=epoch(60))
    assert plan(half_hourly(), 4, held, None, None, at(5)) == at(90)
    assert plan(half_hourly(), 5, held, None, None, at(5)) == at(90)


def test_a_fire_time_too_far_ahead_leaves_out_none_before_it() -> None:
    held = Held(revision=4, nominal=epoch(30_000_000), last=epoch(0))
    assert plan(half_hourly(), 4, held, epoch(0), None, at(5)) == at(30)


def test_a_schedule_that_fired_in_the_far_future_is_built_again(sqlite_system: System) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    due = make_due(sqlite_system, "greet")
    redis.hset(keys.schedule("greet"), "last", "32503680000")
    reconcile(sqlite_system, due)
    assert int(held(redis, "greet")["nominal"]) > due.timestamp()
    assert "last" not in held(redis, "greet")
    assert redis.hexists(keys.QUARANTINE, keys.schedule("greet"))
    stand_at(redis, "greet", due)
    fire_due(sqlite_system, lock)
    assert int(held(redis, "greet")["last"]) == due.timestamp()
