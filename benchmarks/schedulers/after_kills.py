"""How long until somebody goes on after the leader, or the worker of a run, was killed."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from app import keys
from benchmarks.environment import ROOT
from benchmarks.schedulers.lateness import arrivals
from benchmarks.schedulers.running import OURS, environment, queue_of, scheduler
from benchmarks.workers.measuring import Stage, descendants, stage, started, wait

# A hundred of them fire every second, so the first fire after a kill is seen within one.
SCHEDULES = 100
QUEUE = "held"
LONGEST = 60.0


@dataclass(frozen=True)
class AfterKill:
    """Seconds from SIGKILL until somebody else has gone on."""

    killed: str
    kills: int
    median: float
    worst: float


def after_kills(kills: int) -> list[AfterKill]:
    """Kill so many leaders and so many workers, each in a system of its own; print the figures."""
    return [
        _several("the leader: next fire by the standby", kills, _takeover),
        _several("a worker: its run starts again elsewhere", kills, _recovery),
    ]


def _several(name: str, kills: int, measure: Callable[[], float]) -> AfterKill:
    found = sorted(measure() for _ in range(kills))
    one = AfterKill(name, kills, round(statistics.median(found), 1), round(found[-1], 1))
    print(f"killed {name}: median {one.median} s, worst {one.worst} s of {kills}", flush=True)
    return one


def _takeover() -> float:
    with stage() as at, ExitStack() as running:
        leader = running.enter_context(scheduler(OURS, at, SCHEDULES, "spread"))
        _start(running, at, "scheduler", "standby.log")
        wait(lambda: at.redis.hlen(keys.SCHEDULERS) == 2, LONGEST)
        next(arrivals(at.redis, queue_of(OURS), time.time() + LONGEST))
        killed = time.time()
        leader.send_signal(signal.SIGKILL)
        # Its last push may still be on its way.
        list(arrivals(at.redis, queue_of(OURS), killed + 0.3))
        seen, _ = next(arrivals(at.redis, queue_of(OURS), killed + LONGEST))
        return seen - killed


def _recovery() -> float:
    with stage() as at, ExitStack() as running:
        running.enter_context(scheduler(OURS, at, 1, "yearly"))
        worker = _start(running, at, "worker", "first.log", QUEUE)
        command = [sys.executable, "-m", "app", "tasks", "trigger", "hold"]
        shell = environment(at, 1, "yearly")
        answer = subprocess.run(command, env=shell, cwd=ROOT, check=True, capture_output=True)
        job = keys.job(answer.stdout.split()[0].decode())
        wait(lambda: at.redis.hget(job, "status") == b"started", LONGEST)
        _start(running, at, "worker", "second.log", QUEUE)
        wait(lambda: b"listens" in (at.folder / "second.log").read_bytes(), LONGEST)
        killed = time.time()
        for pid in (worker.pid, *descendants(worker.pid)):
            os.kill(pid, signal.SIGKILL)
        again = [b"started", b"2"]
        wait(lambda: at.redis.hmget(job, "status", "rota_attempt") == again, LONGEST)
        return time.time() - killed


def _start(running: ExitStack, at: Stage, *words: str) -> subprocess.Popen[bytes]:
    command, log, *rest = words
    line = [sys.executable, "-m", "app", command, *rest]
    return running.enter_context(
        started(line, environment(at, SCHEDULES, "spread"), at.folder / log)
    )
