"""A task that logs very fast."""

from __future__ import annotations

import logging
import time

from app import task

log = logging.getLogger(__name__)

LINES_A_SECOND = 10_000


@task()
def talks_fast(seconds: int) -> dict[str, float]:
    """Work for so many processor seconds in silence, then do the same and log meanwhile."""
    return {"silent": _work(seconds, aloud=False), "aloud": _work(seconds, aloud=True)}


def _work(seconds: int, *, aloud: bool) -> float:
    begun = time.thread_time()
    for number in range(seconds * LINES_A_SECOND):
        _busy(1 / LINES_A_SECOND)
        if aloud:
            log.info("line %d of very many, about as long as such lines are", number)
    return time.thread_time() - begun


def _busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
