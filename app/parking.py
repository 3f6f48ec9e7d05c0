"""Runs of a task that this code does not have wait for a worker that knows it."""

from __future__ import annotations

from datetime import timedelta
from time import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app import keys

PARK_FOR = timedelta(minutes=10)


def parked_since(redis: Redis, run_id: str) -> float:
    """Return since when a run waits so (epoch s), and note it where nothing usable is noted."""
    job, now = keys.job(run_id), time()
    try:
        redis.hsetnx(job, "rota_parked_since", str(now))
        noted: Any = redis.hget(job, "rota_parked_since")
        since = _past(noted, now)
        if since is None:
            redis.hset(job, "rota_parked_since", str(now))
    except (RedisError, OSError):
        # The next worker that takes it finds out.
        since = None
    return now if since is None else since


def _past(text: bytes | None, now: float) -> float | None:
    """Return a time that has been (epoch s); None for a coming one and for garbage."""
    try:
        found = float(text or b"")
    except ValueError:
        return None
    return found if 0 <= found <= now else None
