"""A due fire time becomes one run, whoever looks, however often."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app import actions, keys
from app.due import look
from app.firing import fire
from app.reconcile import reconcile
from app.system import System
from tests.engine.stage import (
    QUEUES,
    events,
    everything,
    fire_due,
    held,
    lead,
    make_due,
    queued,
    server_now,
    stand_at,
    statuses,
)
from tests.fixtures import OPERATOR


@pytest.fixture
def lock(sqlite_system: System) -> str:
    return lead(sqlite_system)


def run_id(schedule_id: str, fire_time: datetime) -> str:
    return f"{schedule_id}--{int(fire_time.timestamp())}"


def test_a_due_schedule_gives_one_job_one_queue_entry_and_one_event(
    sqlite_system: System, lock: str
) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    run = run_id("greet", due)
    assert queued(redis) == [run]
    assert statuses(redis) == [(run, "queued")]
    assert redis.keys("rq:job:greet--*") == [keys.job(run).encode()]
    assert redis.smembers(keys.live("greet")) == {run.encode()}


def test_its_event_carries_all_that_a_row_needs(sqlite_system: System, lock: str) -> None:
    due = make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lock)
    (event,) = events(sqlite_system.redis)
    milliseconds = int(due.timestamp()) * 1000
    assert event.static == {
        "task_id": "greet",
        "schedule_id": "greet",
        "trigger": "schedule",
        "triggered_by": None,
        "parent_run_id": None,
        "queue": "default",
        "at": milliseconds,
        "fire_time": milliseconds,
        "arguments": {},
    }
    assert (event.revision, event.attempt) == (1, 0)
    assert abs(event.data["queued_at"] / 1000 - server_now(sqlite_system.redis).timestamp()) < 2


def test_firing_moves_the_schedule_to_its_next_fire_time(sqlite_system: System, lock: str) -> None:
    due = make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lock)
    following = int(due.timestamp()) + 1800
    assert held(sqlite_system.redis, "greet")["nominal"] == str(following)
    assert held(sqlite_system.redis, "greet")["last"] == str(int(due.timestamp()))
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") == following


def test_the_same_call_a_second_time_changes_nothing(sqlite_system: System, lock: str) -> None:
    make_due(sqlite_system, "greet")
    due = look(sqlite_system.redis, lock, QUEUES)
    fire(sqlite_system.redis, lock, due)
    before = everything(sqlite_system.redis)
    assert fire(sqlite_system.redis, lock, due) == {"REPLAY": 1}
    assert everything(sqlite_system.redis) == before


def test_fire_times_that_come_round_again_are_passed_in_silence(
    sqlite_system: System, lock: str
) -> None:
    # The server's clock was set back, or an edit placed the schedule before what has fired.
    due = make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lock)
    before = events(sqlite_system.redis)
    for periods in (0, 3):
        again = int(due.timestamp()) - periods * 1800
        sqlite_system.redis.hset(keys.schedule("greet"), "nominal", again)
        sqlite_system.redis.zadd(keys.SCHEDULE, {"greet": again})
        assert fire_due(sqlite_system, lock) == {"ADVANCED": 1}
        assert held(sqlite_system.redis, "greet")["nominal"] == str(int(due.timestamp()) + 1800)
        assert held(sqlite_system.redis, "greet")["last"] == str(int(due.timestamp()))
    assert events(sqlite_system.redis) == before
    assert queued(sqlite_system.redis) == [run_id("greet", due)]


def test_two_schedulers_with_the_same_view_fire_once(sqlite_system: System, lock: str) -> None:
    # Both hold the lock value: the promise must not rest on there being one leader.
    due = make_due(sqlite_system, "greet")
    views = [look(sqlite_system.redis, lock, QUEUES) for _ in range(2)]
    outcomes = [fire(sqlite_system.redis, lock, view) for view in views]
    assert outcomes == [{"FIRED": 1}, {"REPLAY": 1}]
    assert queued(sqlite_system.redis) == [run_id("greet", due)]


def test_a_stale_view_of_an_edited_schedule_fires_nothing(sqlite_system: System, lock: str) -> None:
    make_due(sqlite_system, "greet")
    view = look(sqlite_system.redis, lock, QUEUES)
    sqlite_system.redis.hset(keys.schedule("greet"), "revision", "99")
    assert fire(sqlite_system.redis, lock, view) == {"STALE": 1}
    assert queued(sqlite_system.redis) == []


def test_a_stale_view_of_a_moved_schedule_fires_nothing(sqlite_system: System, lock: str) -> None:
    due = make_due(sqlite_system, "greet")
    view = look(sqlite_system.redis, lock, QUEUES)
    stand_at(sqlite_system.redis, "greet", due + timedelta(hours=1))
    assert fire(sqlite_system.redis, lock, view) == {"STALE": 1}
    assert queued(sqlite_system.redis) == []


def test_who_lost_the_lead_fires_nothing(sqlite_system: System, lock: str) -> None:
    make_due(sqlite_system, "greet")
    view = look(sqlite_system.redis, lock, QUEUES)
    sqlite_system.redis.delete(keys.LOCK)
    assert lead(sqlite_system, "two") != lock
    before = everything(sqlite_system.redis)
    assert fire(sqlite_system.redis, lock, view) == {"FENCED": 1}
    assert everything(sqlite_system.redis) == before


def test_every_lead_has_a_token_of_its_own(sqlite_system: System, lock: str) -> None:
    sqlite_system.redis.delete(keys.LOCK)
    assert lead(sqlite_system, "one") != lock


def test_nothing_is_due_early(sqlite_system: System, lock: str) -> None:
    make_due(sqlite_system, "greet")
    soon = server_now(sqlite_system.redis) + timedelta(seconds=30)
    stand_at(sqlite_system.redis, "greet", soon)
    view = look(sqlite_system.redis, lock, QUEUES)
    assert view.schedules == []
    assert view.next_due == soon.replace(microsecond=0)


def test_a_fire_time_whose_job_exists_already_adds_none(sqlite_system: System, lock: str) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    redis.hset(keys.job(run_id("greet", due)), mapping={"status": "finished", "data": "kept"})
    assert fire_due(sqlite_system, lock) == {"DUPLICATE": 1}
    assert queued(redis) == []
    assert redis.hget(keys.job(run_id("greet", due)), "data") == b"kept"
    assert held(redis, "greet")["last"] == str(int(due.timestamp()))


# --- pauses and skips ----------------------------------------------------------------------------


def test_a_paused_task_does_not_fire(sqlite_system: System, lock: str) -> None:
    due = make_due(sqlite_system, "greet")
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    assert fire_due(sqlite_system, lock) == {}
    # A pause that came between the look and the script counts as well.
    stand_at(sqlite_system.redis, "greet", due)
    assert fire_due(sqlite_system, lock) == {"PAUSED": 1}
    assert queued(sqlite_system.redis) == []


def test_nothing_fires_while_everything_is_paused(sqlite_system: System, lock: str) -> None:
    make_due(sqlite_system, "greet")
    view = look(sqlite_system.redis, lock, QUEUES)
    actions.pause_everything(sqlite_system, OPERATOR, "move of the office")
    later = look(sqlite_system.redis, lock, QUEUES)
    assert (later.everything_paused, later.schedules) == (True, [])
    assert fire(sqlite_system.redis, lock, view) == {"PAUSED": 1}
    assert queued(sqlite_system.redis) == []


def test_a_fire_time_on_the_skip_list_is_skipped_with_who_asked(
    sqlite_system: System, lock: str
) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    redis.hset(keys.skips("greet"), str(int(due.timestamp())), "olga")
    assert fire_due(sqlite_system, lock) == {"SKIPPED": 1}
    (event,) = events(redis)
    assert (event.run_id, event.status) == (run_id("greet", due), "skipped")
    assert event.data["reason"] == "skipped by olga"
    assert redis.hlen(keys.skips("greet")) == 0
    assert queued(redis) == []


# --- overlap -------------------------------------------------------------------------------------


def test_with_overlap_skip_a_live_run_turns_the_fire_time_into_a_skipped_row(
    sqlite_system: System, lock: str
) -> None:
    redis = sqlite_system.redis
    live = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    due = make_due(sqlite_system, "greet")
    assert fire_due(sqlite_system, lock) == {"SKIPPED": 1}
    event = events(redis)[-1]
    assert (event.run_id, event.status) == (run_id("greet", due), "skipped")
    assert event.data["reason"] == f"overlap: run {live} has not ended, it still waits for a worker"
    assert queued(redis) == [live]


@pytest.mark.parametrize("status", ["queued", "started", "scheduled", "deferred"])
def test_a_run_is_live_until_it_ends(sqlite_system: System, lock: str, status: str) -> None:
    make_due(sqlite_system, "greet")
    sqlite_system.redis.sadd(keys.live("greet"), "other")
    sqlite_system.redis.hset(keys.job("other"), "status", status)
    assert fire_due(sqlite_system, lock) == {"SKIPPED": 1}


@pytest.mark.parametrize("status", ["finished", "failed", "stopped", "canceled", ""])
def test_an_ended_or_vanished_run_in_the_live_set_does_not_block(
    sqlite_system: System, lock: str, status: str
) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    redis.sadd(keys.live("greet"), "other")
    if status:
        redis.hset(keys.job("other"), "status", status)
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    assert redis.smembers(keys.live("greet")) == {run_id("greet", due).encode()}


def test_with_overlap_allow_both_runs_are_queued(sqlite_system: System, lock: str) -> None:
    live = actions.trigger(sqlite_system, OPERATOR, "tick").run_id
    make_due(sqlite_system, "tick")
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    first, second = queued(sqlite_system.redis)
    assert first == live
    assert second.startswith("tick--")


# --- missed fire times ---------------------------------------------------------------------------


def test_of_several_due_fire_times_the_newest_runs_and_the_others_are_missed_rows(
    sqlite_system: System, lock: str
) -> None:
    oldest = make_due(sqlite_system, "greet", periods=4)
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    times = [run_id("greet", oldest + timedelta(minutes=30 * n)) for n in range(4)]
    assert statuses(sqlite_system.redis) == [
        *((time, "missed") for time in times[:3]),
        (times[3], "queued"),
    ]
    reasons = [event.data.get("reason") for event in events(sqlite_system.redis)[:3]]
    assert reasons == ["a newer fire time was due as well"] * 3


def test_a_fire_time_older_than_its_grace_is_missed_and_the_schedule_goes_on(
    sqlite_system: System, lock: str
) -> None:
    redis = sqlite_system.redis
    make_due(sqlite_system, "morning")
    document = json.loads(held(redis, "morning")["definition"]) | {"grace_seconds": 0}
    redis.hset(keys.schedule("morning"), "definition", json.dumps(document))
    assert fire_due(sqlite_system, lock) == {"ADVANCED": 1}
    (event,) = events(redis)
    assert event.status == "missed"
    assert "the grace is 0 s" in event.data["reason"]
    assert int(held(redis, "morning")["nominal"]) > server_now(redis).timestamp()


def test_what_is_due_at_the_same_instant_all_fires_in_one_pass(
    sqlite_system: System, lock: str
) -> None:
    redis = sqlite_system.redis
    reconcile(sqlite_system, datetime.now(UTC))
    now = server_now(redis)
    for number in range(50):
        redis.hset(
            keys.schedule(f"copy-{number}"),
            mapping=held(redis, "greet") | {"nominal": str(int(now.timestamp()))},
        )
        redis.zadd(keys.SCHEDULE, {f"copy-{number}": int(now.timestamp())})
    redis.zrem(keys.SCHEDULE, "greet", "tick", "morning")
    outcomes = fire_due(sqlite_system, lock)
    # One task, overlap skip: the first copy runs, the others say why they do not.
    assert outcomes == {"FIRED": 1, "SKIPPED": 49}
    assert len({event.run_id for event in events(redis)}) == 50
