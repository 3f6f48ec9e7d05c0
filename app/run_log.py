"""A run's live log in Redis: lines within a second of being written, capped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from time import monotonic
from typing import Any

from redis import Redis

from app import keys

MOST_LINES = 2_000
MOST_BYTES = 256 * 1024
FLUSH_SECONDS = 0.25
KEEP_SECONDS = 24 * 3600


class RunLog:
    """Collects lines and writes them in batches; beyond the cap it only counts."""

    def __init__(self, redis: Redis, run_id: str, lines: int = 0) -> None:
        self._redis = redis
        self._run_id = run_id
        self._waiting: list[str] = []
        self._lines = lines
        self._bytes = 0
        self._dropped = 0
        self._flushed_at = monotonic()

    def add(self, line: Mapping[str, Any]) -> None:
        """Take one line of {at, level, logger, message}."""
        text = json.dumps(dict(line))
        self._lines += 1
        self._bytes += len(text)
        if self._lines > MOST_LINES or self._bytes > MOST_BYTES:
            self._dropped += 1
        else:
            self._waiting.append(text)

    @property
    def due(self) -> bool:
        """Whether lines have waited long enough to be written."""
        return bool(self._waiting) and monotonic() - self._flushed_at >= FLUSH_SECONDS

    def flush(self) -> None:
        """Write what waits. On an error it is kept for the next flush."""
        if not self._waiting and not self._dropped:
            return
        pipeline = self._redis.pipeline(transaction=False)
        if self._waiting:
            pipeline.rpush(keys.log(self._run_id), *self._waiting)
        if self._dropped:
            pipeline.hset(keys.job(self._run_id), "rota_log_dropped", self._dropped)
        pipeline.expire(keys.log(self._run_id), KEEP_SECONDS)
        pipeline.incr(keys.CHANGES)
        pipeline.execute()
        self._waiting.clear()
        self._flushed_at = monotonic()
