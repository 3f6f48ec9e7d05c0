"""What RQ forgets only when somebody looks: ended jobs in its registries, workers that died."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redis import Redis

from app import keys

# Small enough that Redis serves others in between.
STEP = 1_000


def forget_ended(redis: Redis, queues: Iterable[str], now: float) -> int:
    """Drop what expired from the registries of ended jobs; return how many. `now` is epoch s."""
    names = [key for name in queues for key in (keys.finished(name), keys.failed(name))]
    return sum(_forget(redis, name, now) for name in names)


def _forget(redis: Redis, key: str, now: float) -> int:
    total = 0
    while True:
        old: Any = redis.zrangebyscore(key, "-inf", now, start=0, num=STEP)
        if old:
            total += len(old)
            redis.zrem(key, *old)
        if len(old) < STEP:
            return total


def forget_workers(redis: Redis, queues: Iterable[str]) -> int:
    """Drop workers whose hash has expired from RQ's lists of workers; return how many."""
    known: Any = redis.smembers(keys.WORKERS)
    listed = list(known)
    pipeline = redis.pipeline(transaction=False)
    for worker in listed:
        pipeline.exists(worker)
    gone = [worker for worker, there in zip(listed, pipeline.execute(), strict=True) if not there]
    if gone:
        pipeline = redis.pipeline(transaction=True)
        for key in (keys.WORKERS, *(f"rq:workers:{name}" for name in queues)):
            pipeline.srem(key, *gone)
        pipeline.execute()
    return len(gone)
