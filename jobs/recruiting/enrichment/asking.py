"""Asks providers, one question at a time: waits for short limits, leaves alone who is away."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from jobs.recruiting.enrichment.decide import Question
from jobs.services.lookups import STOPPING, Clock, Lookup

LONGEST_WAIT = timedelta(seconds=90)
WAITS_OF_A_RUN = timedelta(minutes=5)
# After so many questions in a row without an answer the service is taken to be away.
AWAY_AFTER = 3
AWAY_FOR = timedelta(hours=1)
log = logging.getLogger(__name__)


@dataclass
class Asking:
    """The questions of one run. `stopped` holds, by provider, why it is not asked any more."""

    clock: Clock
    sleep: Callable[[float], None]
    stopped: dict[str, Lookup] = field(default_factory=dict)
    waits_left: timedelta = WAITS_OF_A_RUN
    in_vain: Counter[str] = field(default_factory=Counter)

    def is_stopped(self, question: Question) -> Lookup | None:
        """Return what to take for the answer of a provider that is not asked any more."""
        return self.stopped.get(question.provider.name)

    def ask(self, question: Question) -> Lookup:
        """Put a question; a short limit is waited for."""
        while True:
            found = question.provider.lookup(question.query)
            wait = self._wait(found)
            if wait is None:
                self._note(question, found)
                return found
            log.info("%s: %s; waiting %.0f s", question.site, found.reason, wait)
            self.sleep(wait)

    def _wait(self, found: Lookup) -> float | None:
        if found.outcome != "rate_limited" or found.retry_at is None:
            return None
        wait = max(found.retry_at - self.clock(), timedelta())
        if wait > min(LONGEST_WAIT, self.waits_left):
            return None
        self.waits_left -= max(wait, timedelta(seconds=1))
        return wait.total_seconds()

    def _note(self, question: Question, found: Lookup) -> None:
        name = question.provider.name
        if found.outcome in STOPPING:
            log.warning("%s is not asked any more in this run: %s", question.site, found.reason)
            self.stopped[name] = replace(found, credits=0)
        if found.outcome != "unavailable":
            self.in_vain[name] = 0
            return
        self.in_vain[name] += 1
        if self.in_vain[name] >= AWAY_AFTER:
            reason = f"away ({found.reason}, {AWAY_AFTER} times in a row)"
            log.warning("%s is %s", question.site, reason)
            at = self.clock() + AWAY_FOR
            self.stopped[name] = Lookup("unavailable", reason=reason, retry_at=at)
