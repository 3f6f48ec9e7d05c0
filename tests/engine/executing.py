"""A real worker over the tests' tasks, in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import actions, keys, reads
from app.recovery import move
from app.system import System
from app.views import RunView
from tests.engine.stage import record_all
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import Process, start_process

MODULES = ("tests.samples", "tests.engine.ends")


@pytest.fixture
def ends_system(redis_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A system whose tasks end in every way."""
    system = open_system(redis_url, sqlite_url, tmp_path, task_modules=MODULES)
    release(system)
    yield system
    system.close()


def start_worker(system: System, *options: str, modules: tuple[str, ...] = MODULES) -> Process:
    """Start a worker process."""
    settings = system.settings
    return start_process(
        [sys.executable, "-m", "app", "worker", *options],
        {
            "REDIS_URL": settings.redis_url,
            "DATABASE_URL": settings.database_url,
            "DATA_DIR": str(settings.data_dir),
            "TASK_MODULES": ",".join(modules),
        },
    )


def work(system: System, modules: tuple[str, ...] = MODULES) -> None:
    """Let a worker run all that waits, and record it."""
    worker = start_worker(system, "--burst", modules=modules)
    assert worker.wait(30) == 0, worker.output
    record_all(system)


def run_now(system: System, task_id: str, **arguments: object) -> RunView:
    """Trigger a task, let a worker run it, and return the run."""
    accepted = actions.trigger(system, OPERATOR, task_id, arguments)
    work(system)
    return reads.run(system, accepted.run_id)


def retry_now(system: System, run_id: str, queue: str = "default") -> None:
    """Let the delay of a retried or parked run be over."""
    system.redis.zadd(keys.delayed(queue), {run_id: 1}, xx=True)
    assert move(system.redis, [(queue, run_id)]) == 1
