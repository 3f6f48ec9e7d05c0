"""Runs that no worker took in time."""

from __future__ import annotations

from time import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app import keys
from app.outcomes import Outcome
from app.taking import Taken


def expired(redis: Redis, taken: Taken) -> Outcome | None:
    """Return how a run ends that was taken too late, None for one that may start."""
    own: Any = taken.static.get("start_within")
    declared = taken.task.start_within_seconds if taken.task else None
    longest = own if isinstance(own, int) else declared
    if longest is None or taken.attempt > 1 or time() - taken.static["at"] / 1000 <= longest:
        return None
    if not _waited(redis, taken.run_id, longest):
        return None
    return Outcome("expired", reason=f"no worker took it within {longest} s")


def _waited(redis: Redis, run_id: str, longest: int) -> bool:
    """Tell whether it waited for a worker all the time: neither for runs, nor put back."""
    try:
        found: Any = redis.hmget(keys.job(run_id), ["rota_released_at", "rota_put_back"])
        released, put_back = found
        return put_back is None and time() - float(released or 0) / 1000 > longest
    except (RedisError, OSError, ValueError):
        return False
