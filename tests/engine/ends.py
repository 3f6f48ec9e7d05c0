"""Tasks that end in every way a task can end, for the tests of executions."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from typing import Any

from app import current_run, progress, task

log = logging.getLogger(__name__)


@task()
def kills_itself() -> None:
    """Die as if the kernel had run out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


@task()
def leaves_by_exit(code: int = 3) -> None:
    """End the interpreter."""
    sys.exit(code)


@task()
def returns_too_much() -> str:
    """Return more than is kept."""
    return "x" * 300_000


@task()
def returns_no_json() -> object:
    """Return what no JSON can hold."""
    return object()


@task()
def says_what_no_database_takes() -> dict[str, str]:
    """Log, report and return NUL and half a surrogate pair."""
    log.info("zero \x00 half \ud800")
    progress(1, 2, "zero \x00 half \ud800")
    return {"zero \x00": "half \ud800"}


@task()
def fails_with_what_no_database_takes() -> None:
    """Fail with NUL and half a surrogate pair."""
    raise ValueError("zero \x00 half \ud800")


@task()
def chatters(lines: int = 10_000) -> int:
    """Log many lines."""
    for number in range(lines):
        log.info("line %d", number)
    return lines


@task()
def prints() -> None:
    """Print to both, the last without an end of line."""
    print("to stdout\nand more")
    print("to stderr", file=sys.stderr)
    print("no end of line", end="")


@task(timeout="20s")
def leaves_a_child_behind() -> str:
    """Fork a child that goes on holding everything it inherited."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    return "the parent is done"


@task(timeout="20s")
def dies_and_leaves_a_child_behind() -> None:
    """Die, while a child goes on holding everything it inherited."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    os._exit(4)


@task()
def leaves_a_program_behind() -> int:
    """Start a program and do not wait for it; return its process id."""
    return subprocess.Popen(["sleep", "60"]).pid


@task()
def tells_its_run() -> dict[str, Any]:
    """Return what a task may ask about its run."""
    run = current_run()
    assert run.deadline is not None
    return {
        "run_id": run.run_id,
        "task_id": run.task_id,
        "attempt": run.attempt,
        "fire_time": None if run.fire_time is None else run.fire_time.isoformat(),
        "minutes_left": round((run.deadline.timestamp() - time.time()) / 60),
        "stop_requested": run.stop_requested,
    }


@task()
def reports(seconds: float = 1.0) -> None:
    """Say something at once, then go on for a while."""
    log.info("started")
    progress(1, 4, "first of four")
    time.sleep(seconds)


@task()
def gathers() -> dict[str, Any]:
    """Return what the runs before it returned."""
    return current_run().dependency_results()
