"""The schedules that our scheduler has under measurement, declared as anybody's are.

`BENCHMARK_SCHEDULES` says how many, `BENCHMARK_SHAPE` which: `minute` lets a hundred of them fire
every minute and the others once a year, `spread` lets about a hundred fire every second, and with
`half-hourly` and `yearly` all do so together.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta

from app import cron, every, task
from app.schedules import Cron, Interval

COUNT = int(os.environ.get("BENCHMARK_SCHEDULES", "10"))
FIRING = 100
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SHAPE = os.environ.get("BENCHMARK_SHAPE", "minute")


def _schedule(number: int) -> Cron | Interval:
    if SHAPE == "spread":
        period = max(COUNT // FIRING, 1)
        return every(seconds=period, anchor=FIRST + timedelta(seconds=number % period))
    return cron(_expression(number), timezone="UTC")


def _expression(number: int) -> str:
    if SHAPE == "half-hourly":
        return "*/30 * * * *"
    return "* * * * *" if number < FIRING and SHAPE == "minute" else "0 0 1 1 *"


@task(named={f"n{number}": _schedule(number) for number in range(COUNT)}, overlap="allow")
def tick() -> None:
    """Do nothing."""


@task(queue="held")
def hold() -> None:
    """Run until killed."""
    time.sleep(600)
