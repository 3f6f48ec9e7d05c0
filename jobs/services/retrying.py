"""When to ask an outside service again, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

AGAIN_LATER = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Patience:
    """How long to go on. Delays and budget are in seconds.

    The default outlasts a quota that is refilled every minute.
    """

    attempts: int = 6
    first_delay: float = 2.0
    longest_delay: float = 40.0
    budget: float = 150.0
    sleep: Callable[[float], None] = time.sleep

    def delay(self, attempt: int, asked: float | None, spent: float) -> float | None:
        """Return the wait after failed `attempt` (from 1), None to give up.

        `asked` is what the service asked for (Retry-After): never less than that is waited.
        """
        if attempt >= self.attempts:
            return None
        whole = min(self.first_delay * 2 ** (attempt - 1), self.longest_delay)
        # Spread, so that processes which failed together do not come back together.
        spread = whole * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
        wait = spread if asked is None else asked + spread * 0.1
        return wait if spent + wait <= self.budget else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds a `Retry-After` header asks for: a number of them or an HTTP date."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp())
