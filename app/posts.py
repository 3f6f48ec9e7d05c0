"""What a worker works on, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis import Redis

from app.catalogue import Catalogue


@dataclass(frozen=True)
class Until:
    """When a worker stops by itself: no job waits, it ran so many, it was idle for so long."""

    burst: bool = False
    max_jobs: int | None = None
    max_idle_seconds: float | None = None


@dataclass(frozen=True)
class Post:
    """Who takes runs from where. `queues` is asked each time, `chosen` hears which one gave,
    `counted` whether a run ended well and how long it took, and `mended` sets aside what a command
    stumbled over."""

    redis: Redis
    catalogue: Catalogue
    worker: str
    queues: Callable[[], Sequence[str]]
    chosen: Callable[[str], None]
    counted: Callable[[bool, float], None]
    mended: Callable[[Exception], bool]
