"""Workers over the tests' tasks, and what came of their runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app import actions, keys, reads
from app.system import System
from app.views import RunView
from tests.engine.stage import record_all
from tests.fixtures import OPERATOR
from tests.processes import Process, start_process, wait_until

MODULES = ("tests.worker.misbehaving", "tests.worker.sharing", "tests.worker.talking")


def environment(system: System) -> dict[str, str]:
    """Return the settings under which a process finds this system."""
    settings = system.settings
    return {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "TASK_MODULES": ",".join(MODULES),
        "PYTHONPATH": str(Path.cwd()),
    }


def start_worker(system: System, *options: str) -> Process:
    """Start a worker with these options; it ends with the test."""
    argv = [sys.executable, "-m", "app", "worker", *options]
    return start_process(argv, environment(system))


def start_recycling_worker(system: System, limits: str, *, concurrency: int = 1) -> Process:
    """Start a burst worker whose children are replaced as `limits` says, as Limits' arguments."""
    code = (
        "from app.wear import Limits; from app.system import System; from app.worker import *\n"
        "system = System.open(process='worker')\n"
        "Worker(['high', 'default', 'low'], name=worker_name(), connection=system.redis,\n"
        f"  system=system, concurrency={concurrency}, limits=Limits({limits})).work(burst=True)"
    )
    return start_process([sys.executable, "-c", code], environment(system))


def trigger(system: System, task_id: str, arguments: Mapping[str, Any] | None = None) -> str:
    """Queue a run and return its id."""
    return actions.trigger(system, OPERATOR, task_id, arguments).run_id


def burst(system: System, *options: str, timeout: float = 40) -> Process:
    """Let a worker run all that waits."""
    worker = start_worker(system, "--burst", *options)
    assert worker.wait(timeout) == 0, worker.output
    return worker


def ended(system: System, run_id: str) -> RunView:
    """Return a run as it is recorded."""
    record_all(system)
    return reads.run(system, run_id)


def results(system: System, run_ids: list[str]) -> list[Any]:
    """Return what runs that succeeded returned."""
    record_all(system)
    runs = [reads.run(system, run_id) for run_id in run_ids]
    assert {run.status for run in runs} == {"succeeded"}
    return [run.result for run in runs]


def status(system: System, run_id: str) -> str:
    """Return a run's status in Redis, as RQ calls it."""
    found: Any = system.redis.hget(keys.job(run_id), "status")
    return (found or b"").decode()


def worker_names(system: System) -> list[str]:
    """Return the names of the workers that RQ lists."""
    found: Any = system.redis.smembers(keys.WORKERS)
    return [key.decode().removeprefix("rq:worker:") for key in found]


def wait_for(system: System, run_id: str, *statuses: str, timeout: float = 15) -> None:
    """Wait until a run has one of RQ's statuses."""
    what = f"{run_id} to be {' or '.join(statuses)}"
    wait_until(lambda: status(system, run_id) in statuses, timeout, what)


def children(pid: int) -> list[int]:
    """Return the ids of a process's children."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


def alive(pid: int) -> bool:
    """Tell whether a process runs; the dead that nobody waited for do not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
