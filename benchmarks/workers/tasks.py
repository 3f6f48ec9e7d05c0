"""The jobs as our tasks."""

from __future__ import annotations

import os

from app import task
from benchmarks.workers import bodies


@task(overlap="allow")
def noop() -> None:
    """Do nothing."""
    bodies.noop()


@task(overlap="allow")
def cpu1() -> None:
    """Use one millisecond of processor time."""
    bodies.cpu1()


@task(overlap="allow", threads=int(os.environ.get("BENCHMARK_THREADS", "1")))
def sleep10() -> None:
    """Wait for ten milliseconds."""
    bodies.sleep10()


@task(overlap="allow")
def begin(number: int) -> None:
    """Note when this began."""
    bodies.begin(number)
