"""Tasks for killed workers. Each notes in a ledger when an execution has come to its end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from app import Retry, current_run, progress, task


@task(overlap="allow")
def notes(ledger: str) -> int:
    """Say something and come to an end."""
    progress(1, 2, "half")
    print("said")
    return _note(ledger)


@task(overlap="allow", retry=Retry(3, backoff="1s"))
def fails_once(ledger: str) -> int:
    """Fail the first time that it comes to its end."""
    if _note(ledger) == 1:
        raise ValueError("the first time")
    return 2


@task(overlap="allow")
def lasts(ledger: str, seconds: float = 1.0) -> int:
    """Go on until it is stopped."""
    time.sleep(seconds)
    return _note(ledger)


@task(overlap="allow")
def shuts_its_worker_down(ledger: str) -> int:
    """Let its worker be redeployed while it runs, the first time."""
    mark = Path(f"{ledger}.down")
    if not mark.exists():
        mark.touch()
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(1.0)
    return _note(ledger)


@task(overlap="allow", max_concurrent=1)
def alone(ledger: str) -> int:
    """Come to an end, one after the other."""
    return _note(ledger)


def _note(ledger: str) -> int:
    """Write a line; return how often this run has come so far."""
    path, run_id = Path(ledger), current_run().run_id
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{run_id}\n")
    return path.read_text().split().count(run_id)
