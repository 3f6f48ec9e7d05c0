"""What the jobs do, the same for every system. Standard library only."""

from __future__ import annotations

import time

from benchmarks.workers.board import board


def noop() -> None:
    """Do nothing."""
    board().count()


def cpu1() -> None:
    """Use one millisecond of processor time."""
    end = time.thread_time_ns() + 1_000_000
    while time.thread_time_ns() < end:
        pass
    board().count()


def sleep10() -> None:
    """Wait for ten milliseconds."""
    time.sleep(0.010)
    board().count()


def begin(number: int) -> None:
    """Note when this began."""
    board().begin(number)


BODIES = {"noop": noop, "cpu1": cpu1, "sleep10": sleep10}
