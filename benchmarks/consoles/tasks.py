"""The tasks behind the pages: BENCHMARK_TASKS of them, with 10,000 schedules together."""

from __future__ import annotations

import os
from typing import Any

from app import cron, every, task
from app.tasks import Task
from benchmarks.consoles import QUEUES

TASKS = int(os.environ.get("BENCHMARK_TASKS", "1000"))
SCHEDULES = 10_000


def _declare(number: int) -> Task[Any, Any]:
    def body(limit: int = 500, team: str = "all") -> int:
        """Refresh what one team sees, so that nobody waits for it in the morning."""
        return limit + len(team)

    body.__name__ = body.__qualname__ = f"refresh_{number:05}"
    further = {
        f"team-{each:03}": cron(f"{(number + each) % 60} {each % 24} * * *")
        for each in range(1, SCHEDULES // TASKS)
    }
    first = every("30m") if number % 3 else cron(f"{number % 60} * * * *")
    return task(first, queue=QUEUES[number % len(QUEUES)], named=further)(body)


for _number in range(TASKS):
    globals()[f"refresh_{_number:05}"] = _declare(_number)
