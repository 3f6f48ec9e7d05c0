"""Which of several schedulers leads. It saves work; correctness never rests on it."""

from __future__ import annotations

import logging
from time import monotonic

from redis import Redis

from app import scripts

log = logging.getLogger("rota.scheduler")

LEASE_MS = 6_000
RENEW_SECONDS = 2.0


class Leadership:
    """One scheduler's claim. `lock` is the fencing value to pass to scripts, '' for a standby."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._name = name
        self._renew_at = 0.0
        self.lock = ""

    def keep(self) -> bool:
        """Take or renew the lead when it is time to; return whether it changed."""
        if monotonic() < self._renew_at:
            return False
        before = self.lock
        answer = scripts.run("lead", self._redis, [], [self.lock, self._name, LEASE_MS])
        self.lock = answer.decode()
        # A standby asks more often, so that it takes over within the lease and a second.
        self._renew_at = monotonic() + (RENEW_SECONDS if self.lock else 1.0)
        if self.lock != before:
            log.info("%s %s", self._name, "leads" if self.lock else "stands by")
        return self.lock != before

    def lose(self) -> None:
        """Forget the lead at once, after a script answered that it has passed on."""
        self.lock = ""
        self._renew_at = 0.0

    def resign(self) -> None:
        """Hand the lead on."""
        if self.lock:
            scripts.run("resign", self._redis, [], [self.lock])
        self.lose()
