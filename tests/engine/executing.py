"""Real workers over the tests' tasks, in processes of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app import actions, keys, reads
from app.recovery import move
from app.system import System
from app.views import LogPage, RunView
from tests.engine.stage import fire_due, lead, make_due, queued, record_all
from tests.fixtures import OPERATOR
from tests.processes import Process, launch, start_process

MODULES = ("tests.samples", "tests.engine.ends")

# What is executed once for all tests that only look at how it ended: name -> task, arguments.
RUNS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "swallows its time-out": ("sleeps", {"stubborn": True}),
    "greets": ("greet", {"name": "Ada", "times": 2}),
    "awaits": ("later", {"seconds": 0.5}),
    "fails": ("fails", {"message": "no such luck"}),
    "exits with 3": ("exits", {"code": 3}),
    "exits with 0": ("exits", {"code": 0}),
    "leaves by exit": ("leaves_by_exit", {}),
    "kills itself": ("kills_itself", {}),
    "times out": ("sleeps", {}),
    "skips": ("skips", {}),
    "hurries": ("hurries", {}),
    "returns too much": ("returns_too_much", {}),
    "returns no JSON": ("returns_no_json", {}),
    "tells its run": ("tells_its_run", {}),
    "prints": ("prints", {}),
    "chatters": ("chatters", {"lines": 10_000}),
    "says what no database takes": ("says_what_no_database_takes", {}),
    "fails with what no database takes": ("fails_with_what_no_database_takes", {}),
    "leaves a child behind": ("leaves_a_child_behind", {}),
    "dies and leaves a child behind": ("dies_and_leaves_a_child_behind", {}),
    "leaves a program behind": ("leaves_a_program_behind", {}),
}


@dataclass
class Executed:
    """How the runs ended."""

    system: System
    ids: dict[str, str] = field(default_factory=dict)
    first: dict[str, RunView] = field(default_factory=dict)

    def run(self, name: str) -> RunView:
        """Return a run as it stands after everything."""
        return reads.run(self.system, self.ids[name])

    def log(self, name: str, after: int = 0) -> LogPage:
        """Return a run's log."""
        return reads.run_log(self.system, self.ids[name], after)

    def trigger(
        self,
        name: str,
        task_id: str,
        arguments: Mapping[str, Any] | None = None,
        now: datetime | None = None,
    ) -> None:
        """Accept a run under a name."""
        accepted = actions.trigger(self.system, OPERATOR, task_id, arguments, now=now)
        self.ids[name] = accepted.run_id


def execute_all(system: System) -> Executed:
    """Let workers execute all of RUNS, and some runs that take more than one worker."""
    executed = Executed(system)
    executed.trigger("unknown for a while", "greet")
    executed.trigger("unknown for too long", "greet")
    too_long = executed.ids["unknown for too long"]
    system.redis.hset(keys.job(too_long), "rota_parked_since", str(time.time() - 601))
    executed.trigger("late", "hurries", now=datetime.now(UTC) - timedelta(seconds=6))
    work(system, modules=("tests.engine.ends",))
    for name in ("unknown for a while", "late"):
        executed.first[name] = executed.run(name)
        retry_now(system, executed.ids[name])
    make_due(system, "tick")
    fire_due(system, lead(system))
    executed.ids["by schedule"] = next(
        run_id for run_id in queued(system.redis) if run_id.startswith("tick--")
    )
    for name, (task_id, arguments) in RUNS.items():
        executed.trigger(name, task_id, arguments)
    work(system, workers=2)
    executed.first["fails"] = executed.run("fails")
    retry_now(system, executed.ids["fails"])
    work(system)
    return executed


def worker_environment(system: System, modules: tuple[str, ...] = MODULES) -> dict[str, str]:
    """Return the settings under which a process finds this system."""
    settings = system.settings
    return {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "TASK_MODULES": ",".join(modules),
    }


def start_worker(system: System) -> Process:
    """Start a worker that ends with the test."""
    return start_process([sys.executable, "-m", "app", "worker"], worker_environment(system))


def work(system: System, workers: int = 1, modules: tuple[str, ...] = MODULES) -> None:
    """Let workers run all that waits, and record it."""
    argv = [sys.executable, "-m", "app", "worker", "--burst"]
    environment = worker_environment(system, modules)
    started = [launch(argv, environment) for _ in range(workers)]
    for worker in started:
        assert worker.wait(60) == 0, worker.output
        worker.end()
    record_all(system)


def retry_now(system: System, run_id: str, queue: str = "default") -> None:
    """Let the delay of a retried or parked run be over."""
    system.redis.zadd(keys.delayed(queue), {run_id: 1}, xx=True)
    assert move(system.redis, [(queue, run_id)]) == 1
