"""More tasks than a page shows, each with several schedules."""

from __future__ import annotations

from typing import Any

from app import cron, every, task
from app.tasks import Task

NUMBER = 26


def _declare(number: int) -> Task[Any, Any]:
    def body(limit: int = 500, team: str = "all") -> int:
        """Refresh what one team sees, so that nobody waits for it in the morning."""
        return limit + len(team)

    body.__name__ = body.__qualname__ = f"refresh_{number:05}"
    further = {f"team-{each}": cron(f"{each * 7} {each} * * *") for each in range(1, 6)}
    return task(every("10m"), named=further)(body)


for _number in range(NUMBER):
    globals()[f"refresh_{_number:05}"] = _declare(_number)
