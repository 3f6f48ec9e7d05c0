"""The system's real processes over a durable Redis of their own."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.records.database import reading
from app.system import System
from tests.processes import Process, start_process, wait_until


@dataclass
class Site:
    """A system and its processes, started by name."""

    system: System
    environment: dict[str, str]
    folder: Path
    processes: dict[str, Process] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start processes: `scheduler`, `worker`, `web`; a suffix `-2` starts a second one."""
        for name in names:
            argv = [sys.executable, "-m", "app", name.partition("-")[0]]
            self.processes[name] = start_process(argv, self.environment)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """Run a query over the history."""
        with reading(self.system.database) as connection:
            return list(connection.execute(text(query), values))

    def fired(self, schedule_id: str) -> list[int]:
        """Return the fire times (epoch s) of a schedule's rows, skipped and missed among them."""
        rows = self.rows(
            "SELECT run_id FROM runs WHERE schedule_id = :id ORDER BY at", id=schedule_id
        )
        return [int(row.run_id.rpartition("--")[2]) for row in rows]

    def status(self, run_id: str) -> str | None:
        """Return a run's recorded status."""
        found = self.rows("SELECT status FROM runs WHERE run_id = :id", id=run_id)
        return found[0].status if found else None

    def wait_for(self, run_id: str, *statuses: str, timeout: float = 30) -> str:
        """Wait until a run has one of these statuses; return it."""
        return wait_until(
            lambda: now if (now := self.status(run_id)) in statuses else None,
            timeout,
            f"{run_id} to be {' or '.join(statuses)} (it is {self.status(run_id)})",
        )

    def ledger(self) -> Counter[str]:
        """Return how often each run id executed, as the task itself wrote it."""
        path = Path(self.environment["TEST_LEDGER"])
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.split()[0] for line in lines)


def assert_no_gap_no_double(times: list[int], period: int) -> None:
    """Every fire time stands once, `period` seconds apart."""
    steps = {b - a for a, b in pairwise(times)}
    assert steps <= {period}, f"fire times {json.dumps(times)} are not {period} s apart"
