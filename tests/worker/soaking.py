"""Very many no-op runs through one worker and the leader, and what they leave behind."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from app import keys, scripts
from app.run_jobs import NewRun, job_pairs, manual_run_id
from app.system import System
from tests.engine.stage import rows
from tests.processes import Process, start_process, wait_until
from tests.worker.crews import environment

# How many wait at once: what a steady system has, not a flood.
AHEAD = 2_000
BATCH = 500
# So many events may wait for the recorder: it is to be seen working, not overrun.
BEHIND = 20_000
# Results are kept so long, so that the key count comes to rest within the test.
KEEP_SECONDS = 15
TASK = "tells_its_process"


@dataclass
class Soaked:
    """What was measured; memory in kilobytes, by process, after the warm-up and at the end."""

    jobs: int
    seconds: float = 0.0
    warm: dict[str, int] = field(default_factory=dict)
    end: dict[str, int] = field(default_factory=dict)
    keys_before: int = 0
    keys_after: int = 0
    left: set[bytes] = field(default_factory=set)
    recorded: int = 0

    def drift(self, process: str) -> float:
        """Return by which share a process grew since it was warm."""
        return self.end[process] / self.warm[process] - 1

    def __str__(self) -> str:
        drifts = {name: f"{self.drift(name):+.1%} of {kb} kB" for name, kb in self.warm.items()}
        return (
            f"{self.jobs:,} jobs in {self.seconds:.0f} s ({self.jobs / self.seconds:.0f}/s), "
            f"memory {json.dumps(drifts)}, keys {self.keys_before} -> {self.keys_after}"
        )


def soak(system: System, jobs: int, warm_up: int) -> Soaked:
    """Run so many jobs; memory counts from after the first `warm_up` of them."""
    found = Soaked(jobs)
    processes = {
        "worker": _start(system, "worker"),
        "scheduler": _start(system, "scheduler"),
    }
    wait_until(lambda: system.redis.exists(keys.LOCK), 30, "a leader")
    # What comes with the first job stays for all others.
    _send(system, list(_runs(system, 1)))
    wait_until(lambda: _recorded(system) == 1, 30, "the first job")
    before = {key for key in _steady_keys(system) if b"--" not in key}
    found.keys_before = len(before)
    start = time.monotonic()
    _feed(system, jobs, warm_up, processes, found)
    found.seconds = time.monotonic() - start
    wait_until(lambda: _recorded(system) > jobs, 120, "the recorder")
    found.recorded = _recorded(system) - 1
    found.end = {name: _resident(process) for name, process in processes.items()}
    registry = keys.finished("default")
    wait_until(lambda: not system.redis.zcard(registry), KEEP_SECONDS + 60, "an empty registry")
    with suppress(AssertionError):
        wait_until(lambda: _steady_keys(system) <= before, 60, "the keys to go")
    found.left = _steady_keys(system) - before
    found.keys_after = len(_steady_keys(system))
    return found


def _start(system: System, name: str) -> Process:
    code = (
        "import sys, app.outcomes, app.run_log, app.execution\n"
        f"app.outcomes.RESULT_TTL = {KEEP_SECONDS}\n"
        f"app.execution.KEEP_SECONDS = {KEEP_SECONDS}\n"
        "from app.cli import main\n"
        f"sys.exit(main(['{name}']))"
    )
    settings = {**environment(system), "LOG_DIR": str(system.settings.data_dir / "logs")}
    return start_process([sys.executable, "-c", code], settings)


def _feed(
    system: System, jobs: int, warm_up: int, processes: dict[str, Process], found: Soaked
) -> None:
    made = _runs(system, jobs)
    sent = 0
    queue = keys.queue("default")
    while sent < jobs or system.redis.llen(queue):
        waiting: Any = system.redis.llen(queue)
        behind: Any = system.redis.xlen(keys.EVENTS)
        if sent < jobs and waiting < AHEAD and behind < BEHIND:
            sent += _send(system, list(islice(made, BATCH)))
        else:
            time.sleep(0.02)
        if not found.warm and sent - waiting >= warm_up:
            found.warm = {name: _resident(process) for name, process in processes.items()}


def _runs(system: System, jobs: int) -> Iterator[NewRun]:
    task = system.catalogue.task(TASK)
    for _ in range(jobs):
        now = datetime.now(UTC)
        yield NewRun(
            run_id=manual_run_id(TASK, now),
            task_id=TASK,
            path=task.path,
            queue="default",
            timeout_seconds=60,
            trigger="api",
            at=now,
            arguments={},
        )


def _send(system: System, runs: list[NewRun]) -> int:
    pipeline = system.redis.pipeline(transaction=False)
    for run in runs:
        where = [keys.job(run.run_id), keys.live(run.task_id)]
        args: list[Any] = [run.run_id, run.queue, "", 1, 0, run.static(), *job_pairs(run)]
        scripts.run("enqueue", pipeline, where, args)
    pipeline.execute()
    return len(runs)


def _recorded(system: System) -> int:
    return int(rows(system, "SELECT count(*) AS n FROM runs WHERE status = 'succeeded'")[0]["n"])


def _steady_keys(system: System) -> set[bytes]:
    """Return the keys but for those that come and go with a waiting worker or an idle scheduler."""
    found: Any = system.redis.keys("*")
    passing = (b"rota:ready", b"rota:wake", b"rota:log", b"rota:mended")
    return {key for key in found if not key.startswith(passing)}


def _resident(process: Process) -> int:
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])
