"""What has expired is forgotten, also where nobody looks with RQ's own tools."""

from __future__ import annotations

from app import keys
from app.forgetting import STEP, forget_ended, forget_workers
from app.system import System


def test_what_expired_leaves_the_registries(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.zadd(keys.finished("default"), {f"old-{n}": 10 + n / 1e6 for n in range(2 * STEP + 5)})
    redis.zadd(keys.finished("default"), {"new": 1_000, "kept": "inf"})
    redis.zadd(keys.failed("low"), {"old": 10})
    assert forget_ended(redis, ["default", "low"], 999.0) == 2 * STEP + 6
    assert redis.zrange(keys.finished("default"), 0, -1) == [b"new", b"kept"]


def test_a_worker_that_died_leaves_the_lists(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.hset(keys.worker("alive"), "birth", "now")
    for name in ("alive", "dead"):
        redis.sadd(keys.WORKERS, keys.worker(name))
        redis.sadd("rq:workers:default", keys.worker(name))
    assert forget_workers(redis, ["default"]) == 1
    assert redis.smembers(keys.WORKERS) == {b"rq:worker:alive"}
    assert redis.smembers("rq:workers:default") == {b"rq:worker:alive"}
    assert forget_workers(redis, ["default"]) == 0
