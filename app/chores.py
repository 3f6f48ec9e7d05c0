"""Work that comes round: each chore with how often it is done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from redis.exceptions import RedisError

from app.errors import RotaError

log = logging.getLogger("rota.scheduler")

Chore = Callable[[datetime], object]

# With very many schedules a chore takes seconds: it comes round so much later that it never takes
# more than this share of the time.
MOST_SHARE = 0.05


class Chores:
    """Runs each chore when its time has come; the periods are in seconds."""

    def __init__(self) -> None:
        self._chores: dict[Chore, tuple[float, float]] = {}

    def every(self, seconds: float, chore: Chore) -> None:
        """Add a chore, due at once."""
        self._chores[chore] = (monotonic(), seconds)

    def run(self, now: datetime) -> None:
        """Do what is due, handing it `now`."""
        for chore, (at, seconds) in self._chores.items():
            if (start := monotonic()) >= at:
                self._chores[chore] = (start + seconds, seconds)
                self._do(chore, now)
                again = start + max(seconds, (monotonic() - start) / MOST_SHARE)
                self._chores[chore] = (again, seconds)

    def _do(self, chore: Chore, now: datetime) -> None:
        try:
            chore(now)
        except (RedisError, OSError, RotaError):
            raise
        except Exception:
            # Garbage that one chore stumbles over must not keep the others from their work.
            log.exception("A chore failed and is tried again when it comes round")

    def seconds_left(self) -> float:
        """Return how long until the next chore is due; 0 when one is."""
        return max(min(at for at, _ in self._chores.values()) - monotonic(), 0.0)
