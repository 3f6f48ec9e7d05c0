"""Work that comes round: each chore with how often it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import monotonic

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
                chore(now)

    def seconds_left(self) -> float:
        """Return how long until the next chore is due; 0 when one is."""
        return max(min(at for at, _ in self._chores.values()) - monotonic(), 0.0)
