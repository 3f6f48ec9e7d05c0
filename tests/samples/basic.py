"""Small tasks with every kind of end."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app import Retry, Skip, cron, current_run, every, progress, task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Summary:
    """What `greet` did."""

    greeted: int
    words: list[str]


@task(every("30m"), queue="default", timeout="1m")
def greet(name: str = "world", times: int = 1, tone: Literal["calm", "loud"] = "calm") -> Summary:
    """Greet somebody, a number of times."""
    for number in range(times):
        log.info("hello %s, %s", name, tone)
        progress(number + 1, times, f"greeted {name}")
    return Summary(times, [name] * times)


@task(cron("0 9 * * *", timezone="America/New_York"), queue="low", grace="6h")
def morning() -> str:
    """Run in the morning."""
    print("good morning")
    return "morning"


@task(every("1s"), overlap="allow")
def tick(ledger: str = "") -> int:
    """Write one line a run into a ledger, for tests that count executions."""
    run = current_run()
    if path := ledger or os.environ.get("TEST_LEDGER", ""):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{run.run_id} {run.attempt}\n")
    return 1


@task(retry=Retry(1, backoff="1s"))
def fails(message: str = "no such luck") -> None:
    """Fail, every time."""
    raise ValueError(message)


@task(timeout="2s")
def sleeps(seconds: float = 60.0, stubborn: bool = False) -> str:
    """Sleep; `stubborn` swallows every exception meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except BaseException:
            if not stubborn:
                raise
        if current_run().stop_requested:
            return "asked to stop"
    return "slept"


@task(timeout="10m")
def waits(seconds: float = 60.0) -> str:
    """Sleep deaf to requests."""
    time.sleep(seconds)
    return "waited"


@task()
def exits(code: int = 0) -> None:
    """End the process without a word."""
    os._exit(code)


@task()
def skips() -> None:
    """Have nothing to do."""
    raise Skip("not configured: set GREETING")


@task(start_within="5s")
def hurries() -> str:
    """Be of no use when late."""
    return "in time"


@task()
async def later(seconds: float = 0.0) -> str:
    """Run as a coroutine."""
    return f"awaited {seconds}"
