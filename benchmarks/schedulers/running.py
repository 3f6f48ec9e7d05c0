"""Start one scheduler of one system on a stage, with so many schedules."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from app import keys
from benchmarks.environment import ROOT
from benchmarks.workers.measuring import Stage, started, wait
from benchmarks.workers.systems import ENVIRONMENT

OURS = "rota"
PEERS = ("rq-scheduler -i 60", "rq-scheduler -i 1", "rq cron", "Celery beat", "APScheduler")
# Where each pushes what it fires.
QUEUES = {"Celery beat": "celery", "APScheduler": "jobs"}
PATIENCE = 300.0


def queue_of(system: str) -> str:
    """Return the Redis list to which a system pushes what it fires."""
    return QUEUES.get(system, keys.queue("default"))


@contextmanager
def scheduler(
    system: str, at: Stage, count: int, shape: str = "minute"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a scheduler with `count` schedules of a shape (see `tasks`) while the block runs."""
    if system == OURS:
        surroundings = environment(at, count, shape)
        release = [sys.executable, "-m", "app", "release"]
        subprocess.run(release, env=surroundings, cwd=ROOT, check=True, capture_output=True)
        words = [sys.executable, "-m", "app", "scheduler"]
    else:
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "REDIS_URL": at.url}
        python = str(ENVIRONMENT / "bin" / "python")
        words = [python, "-m", "benchmarks.schedulers.peers", system, str(count)]
    with started(words, surroundings, at.folder / "scheduler.log") as process:
        if system == OURS:
            wait(lambda: _placed(at.redis) >= count, PATIENCE)
        yield process


def _placed(redis: Redis) -> int:
    placed: int = redis.zcard(keys.SCHEDULE)
    return placed


def environment(at: Stage, count: int, shape: str) -> dict[str, str]:
    """Return what a process of ours finds in its environment."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": at.url,
        "DATABASE_URL": f"sqlite:///{at.folder / 'rota.sqlite3'}",
        "DATA_DIR": str(at.folder),
        "TASK_MODULES": "benchmarks.schedulers.tasks",
        "BENCHMARK_SCHEDULES": str(count),
        "BENCHMARK_SHAPE": shape,
    }
