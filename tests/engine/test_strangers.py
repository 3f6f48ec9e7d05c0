"""Who can write to Redis can plant a schedule; it is set aside, whole and visible."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from app import keys
from app.keeping import _forget_schedulers
from app.reconcile import reconcile
from app.strangers import set_strangers_aside
from app.system import System
from tests.engine.stage import held


def now() -> datetime:
    return datetime.now(UTC)


def test_a_planted_schedule_is_set_aside(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    reconcile(sqlite_system, now())
    fields = held(redis, "greet")
    redis.hset(keys.schedule("planted"), mapping=fields)
    redis.zadd(keys.SCHEDULE, {"planted": 5, "greet": 5}, xx=False)
    reconcile(sqlite_system, now())
    assert redis.zscore(keys.SCHEDULE, "planted") is None
    assert redis.zscore(keys.SCHEDULE, "greet") is not None
    kept: Any = redis.hgetall(keys.set_aside(keys.schedule("planted")))
    assert {name.decode(): value.decode() for name, value in kept.items()} == fields
    noted: Any = redis.hget(keys.QUARANTINE, f"{keys.SCHEDULE} planted")
    assert "declared" in json.loads(noted)["reason"]


def test_a_foreign_entry_waits_for_its_adoption(sqlite_system: System) -> None:
    sqlite_system.redis.zadd(keys.SCHEDULE, {b"foreign": 5, b"\xff": 6})
    set_strangers_aside(sqlite_system, now())
    assert sqlite_system.redis.zcard(keys.SCHEDULE) == 2


def test_a_planted_schedule_of_a_name_that_is_no_text_is_set_aside(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.hset(b"rota:schedule:\xff", "definition", "{}")
    redis.zadd(keys.SCHEDULE, {b"\xff": 6})
    set_strangers_aside(sqlite_system, now())
    assert redis.zcard(keys.SCHEDULE) == 0
    assert redis.exists(b"rota:set_aside:rota:schedule:\xff")


def test_unreadable_notes_of_schedulers_are_forgotten(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    old = (now() - timedelta(hours=2)).isoformat()
    redis.hset(keys.SCHEDULERS, "garbage", b"\xff")
    redis.hset(keys.SCHEDULERS, "naive", '{"at": "2020-01-01T00:00:00"}')
    redis.hset(keys.SCHEDULERS, "deep", "[" * 100_000)
    redis.hset(keys.SCHEDULERS, "old", json.dumps({"at": old}))
    redis.hset(keys.SCHEDULERS, "new", json.dumps({"at": now().isoformat()}))
    _forget_schedulers(sqlite_system, now())
    assert redis.hkeys(keys.SCHEDULERS) == [b"new"]
