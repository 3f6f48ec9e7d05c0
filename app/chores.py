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
            if monotonic() >= at:
                self._chores[chore] = (monotonic() + seconds, seconds)
                self._do(chore, now)

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
