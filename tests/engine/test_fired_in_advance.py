"""What was computed before its fire time holds only if nothing changed and the time is now."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from app import keys
from app.due import Due, look
from app.firing import CHUNK, CHUNKS_AHEAD, Firing
from app.system import System
from tests.engine.stage import (
    QUEUES,
    definition,
    events,
    everything,
    held,
    lead,
    make_due,
    queued,
    server_now,
    stand_at,
)

AHEAD = 3600.0


@pytest.fixture
def lock(sqlite_system: System) -> str:
    return lead(sqlite_system)


@pytest.fixture
def firing(sqlite_system: System) -> Firing:
    return Firing(sqlite_system.redis)


def soon_due(system: System) -> datetime:
    """Let `greet` alone be due within the hour; return its fire time."""
    make_due(system, "greet")
    schedule = definition(system.redis, "greet").schedule
    fire_time = schedule.next(server_now(system.redis))
    assert fire_time is not None
    stand_at(system.redis, "greet", fire_time)
    return fire_time


def seen_at(system: System, lock: str, now: datetime) -> Due:
    """Look at the schedule as if it were `now`."""
    system.redis.zadd(keys.SCHEDULE, {"greet": server_now(system.redis).timestamp() - 1})
    due = look(system.redis, lock, QUEUES)
    return Due(now, due.incarnation, due.leads, False, None, [], due.schedules)


def test_what_was_computed_in_advance_fires_as_ever(
    sqlite_system: System, lock: str, firing: Firing
) -> None:
    fire_time = soon_due(sqlite_system)
    firing.prepare(AHEAD)
    outcomes = firing.fire(lock, seen_at(sqlite_system, lock, fire_time))
    assert outcomes == {"FIRED": 1}
    assert queued(sqlite_system.redis) == [f"greet--{int(fire_time.timestamp())}"]
    following = fire_time + timedelta(minutes=30)
    assert held(sqlite_system.redis, "greet")["nominal"] == str(int(following.timestamp()))


def test_a_schedule_changed_meanwhile_fires_as_it_is_now(
    sqlite_system: System, lock: str, firing: Firing
) -> None:
    fire_time = soon_due(sqlite_system)
    firing.prepare(AHEAD)
    before = held(sqlite_system.redis, "greet")["definition"]
    changed = before.replace('"queue":"default"', '"queue":"low"')
    assert changed != before
    sqlite_system.redis.hset(
        keys.schedule("greet"), mapping={"definition": changed, "revision": 99}
    )
    assert firing.fire(lock, seen_at(sqlite_system, lock, fire_time)) == {"FIRED": 1}
    assert queued(sqlite_system.redis, "low") == [f"greet--{int(fire_time.timestamp())}"]


def test_what_became_late_is_judged_again(sqlite_system: System, lock: str, firing: Firing) -> None:
    fire_time = soon_due(sqlite_system)
    firing.prepare(AHEAD)
    late = fire_time + timedelta(minutes=30, seconds=1)
    assert firing.fire(lock, seen_at(sqlite_system, lock, late)) == {"FIRED": 1}
    newest = fire_time + timedelta(minutes=30)
    assert queued(sqlite_system.redis) == [f"greet--{int(newest.timestamp())}"]
    assert [event.status for event in events(sqlite_system.redis)] == ["missed", "queued"]


def test_what_was_prepared_fires_at_its_time_without_another_look(
    sqlite_system: System, lock: str, firing: Firing
) -> None:
    fire_time = soon_due(sqlite_system)
    firing.prepare(AHEAD)
    sqlite_system.redis.zadd(keys.SCHEDULE, {"greet": int(time.time())})
    assert firing.fire_prepared(lock, fire_time) == {"FIRED": 1}
    assert firing.fire_prepared(lock, fire_time) == {}
    assert queued(sqlite_system.redis) == [f"greet--{int(fire_time.timestamp())}"]


def test_a_clock_ahead_of_the_servers_fires_nothing_early(
    sqlite_system: System, lock: str, firing: Firing
) -> None:
    fire_time = soon_due(sqlite_system)
    firing.prepare(AHEAD)
    before = everything(sqlite_system.redis)
    assert firing.fire_prepared(lock, fire_time) == {"EARLY": 1}
    assert everything(sqlite_system.redis) == before


def test_a_lost_answer_of_one_chunk_neither_doubles_nor_drops_a_fire(
    sqlite_system: System, lock: str, firing: Firing, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = sqlite_system.redis
    make_due(sqlite_system, "greet")
    names = [f"greet-{number}" for number in range(CHUNK * (CHUNKS_AHEAD + 2))]
    pattern: Any = redis.hgetall(keys.schedule("greet"))
    overlapping = pattern[b"definition"].replace(b'"overlap":"skip"', b'"overlap":"allow"')
    redis.delete(keys.SCHEDULE)
    for name in names:
        redis.hset(keys.schedule(name), mapping={**pattern, b"definition": overlapping})
    redis.zadd(keys.SCHEDULE, dict.fromkeys(names, 1.0))
    due = look(redis, lock, QUEUES)
    collect = firing._collect
    collected: list[int] = []

    def cut_then_collect(*args: Any) -> None:
        collected.append(1)
        if len(collected) == 2:
            # The scripts on their way run; nobody hears their answers.
            firing._line._connection.disconnect()
        collect(*args)

    monkeypatch.setattr(firing, "_collect", cut_then_collect)
    outcomes = firing.fire(lock, due)
    assert sum(outcomes.values()) == len(names)
    assert sorted(run.rpartition("--")[0] for run in queued(redis)) == sorted(names)
    assert outcomes.get("REPLAY", 0) == len(names) - outcomes["FIRED"]


def test_an_error_leaves_no_answer_for_the_next_pass(
    sqlite_system: System, lock: str, firing: Firing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fire_time = soon_due(sqlite_system)
    due = seen_at(sqlite_system, lock, fire_time)
    with monkeypatch.context() as patch:
        patch.setattr(firing, "_collect", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            firing.fire(lock, due)
    stand_at(sqlite_system.redis, "greet", fire_time + timedelta(minutes=30))
    again = seen_at(sqlite_system, lock, fire_time + timedelta(minutes=30))
    assert firing.fire(lock, again) == {"SKIPPED": 1}


def test_a_fire_time_to_come_does_not_fire_because_its_score_says_so(
    sqlite_system: System, lock: str, firing: Firing
) -> None:
    fire_time = soon_due(sqlite_system)
    firing.prepare(AHEAD)
    sqlite_system.redis.zadd(keys.SCHEDULE, {"greet": int(time.time())})
    assert firing.fire_prepared(lock, fire_time - timedelta(seconds=2)) == {}
    assert queued(sqlite_system.redis) == []
