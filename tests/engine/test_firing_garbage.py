"""What cannot be understood is set aside whole; its neighbours fire in the same pass."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from app import keys
from app.due import look
from app.system import System
from tests.engine.stage import QUEUES, fire_due, held, lead, make_due, queued, server_now


def _member_that_is_no_text(redis: Redis) -> None:
    redis.zadd(keys.SCHEDULE, {b"\xff\xfe": 1})


def _hash_missing(redis: Redis) -> None:
    redis.zadd(keys.SCHEDULE, {"nobody": 1})


def _hash_of_another_type(redis: Redis) -> None:
    redis.set(keys.schedule("strange"), "text")
    redis.zadd(keys.SCHEDULE, {"strange": 1})


def _without_fire_time(redis: Redis) -> None:
    _broken(redis, nominal="")


def _fire_time_that_is_no_number(redis: Redis) -> None:
    _broken(redis, nominal="soon")


def _fire_time_beyond_the_calendar(redis: Redis) -> None:
    _broken(redis, nominal="9" * 30)


def _fire_time_beyond_the_clock_of_the_host(redis: Redis) -> None:
    _broken(redis, nominal="1" + "0" * 17)


def _fire_time_to_come(redis: Redis) -> None:
    _broken(redis, nominal="32503680000")


def _definition_that_is_no_json(redis: Redis) -> None:
    _broken(redis, definition="{")


def _definition_that_is_no_object(redis: Redis) -> None:
    _broken(redis, definition="[1, 2]")


def _definition_nested_too_deeply(redis: Redis) -> None:
    _broken(redis, definition="[" * 100_000)


def _definition_without_its_schedule(redis: Redis) -> None:
    _broken(redis, definition=_changed(redis, schedule=None))


def _definition_with_an_impossible_schedule(redis: Redis) -> None:
    _broken(
        redis, definition=_changed(redis, schedule={"kind": "cron", "expression": "0 0 31 2 *"})
    )


def _definition_with_arguments_that_are_no_object(redis: Redis) -> None:
    _broken(redis, definition=_changed(redis, arguments=5))


def _broken(redis: Redis, **changes: str) -> None:
    fields = held(redis, "greet") | changes
    redis.hset(keys.schedule("broken"), mapping=fields)
    redis.zadd(keys.SCHEDULE, {"broken": 1})


def _changed(redis: Redis, **changes: Any) -> str:
    return json.dumps(json.loads(held(redis, "greet")["definition"]) | changes)


KINDS: list[Callable[[Redis], None]] = [
    _member_that_is_no_text,
    _hash_missing,
    _hash_of_another_type,
    _without_fire_time,
    _fire_time_that_is_no_number,
    _fire_time_beyond_the_calendar,
    _fire_time_beyond_the_clock_of_the_host,
    _fire_time_to_come,
    _definition_that_is_no_json,
    _definition_that_is_no_object,
    _definition_nested_too_deeply,
    _definition_without_its_schedule,
    _definition_with_an_impossible_schedule,
    _definition_with_arguments_that_are_no_object,
]


@pytest.mark.parametrize("break_one", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_a_broken_schedule_is_set_aside_and_its_neighbour_fires(
    sqlite_system: System, break_one: Callable[[Redis], None]
) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    due = make_due(sqlite_system, "greet")
    break_one(redis)
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    assert queued(redis) == [f"greet--{int(due.timestamp())}"]
    ((name, note),) = quarantined(redis)
    assert name.startswith(f"{keys.SCHEDULE} ")
    assert note["reason"]
    assert look(redis, lock, QUEUES).schedules == []


def test_a_fire_time_of_long_ago_does_not_hold_up_the_scheduler(sqlite_system: System) -> None:
    # Since 1970 a schedule of every second has missed more fire times than anybody can count.
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    make_due(sqlite_system, "tick")
    redis.hset(keys.schedule("tick"), "nominal", "0")
    before = server_now(redis)
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    assert (server_now(redis) - before).total_seconds() < 1


def test_a_time_at_infinity_is_nothing_to_wait_for(sqlite_system: System) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    make_due(sqlite_system, "greet")
    redis.zadd(keys.SCHEDULE, {"never": float("inf"), "hardly": 1e300})
    redis.zadd(keys.delayed("default"), {"never": float("inf")})
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}
    next_due = look(redis, lock, QUEUES).next_due
    assert next_due
    assert next_due.timestamp() == int(held(redis, "greet")["nominal"])


def test_a_delayed_queue_of_another_type_hides_no_schedule(sqlite_system: System) -> None:
    redis, lock = sqlite_system.redis, lead(sqlite_system)
    make_due(sqlite_system, "greet")
    redis.set(keys.delayed("default"), "text")
    assert fire_due(sqlite_system, lock) == {"FIRED": 1}


def quarantined(redis: Redis) -> list[tuple[str, dict[str, str]]]:
    found: Any = redis.hgetall(keys.QUARANTINE)
    return [(name.decode("utf-8", "replace"), json.loads(note)) for name, note in found.items()]
