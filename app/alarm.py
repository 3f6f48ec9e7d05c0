"""Something done again and again also while the main thread waits for somebody else."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(seconds: float, do: Callable[[], object]) -> Iterator[None]:
    """Do it every so many seconds, in the main thread, while the block runs.

    However the block ends the clock stops: an alarm that nobody handles any more kills.
    """
    before = signal.signal(signal.SIGALRM, lambda _number, _frame: do())
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
