"""What it costs to have many schedules and nothing due."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.schedulers.running import scheduler
from benchmarks.workers.measuring import stage, traffic, tree_memory, tree_seconds

SETTLING = 20.0


@dataclass(frozen=True)
class Idle:
    """Cost of one idle minute; memory in MB."""

    system: str
    schedules: int
    cpu_seconds: float
    redis_cpu_seconds: float
    commands: float
    memory_mb: float


def idle(system: str, count: int, seconds: float) -> Idle:
    """Watch a scheduler that has nothing to fire but once a year."""
    with stage() as at, scheduler(system, at, count, "yearly") as process:
        time.sleep(SETTLING)
        used, before = tree_seconds(process.pid), traffic(at.redis)
        time.sleep(seconds)
        used, after = tree_seconds(process.pid) - used, traffic(at.redis)
        memory = tree_memory(process.pid)
    a_minute = 60 / seconds
    found = Idle(
        system=system,
        schedules=count,
        cpu_seconds=round(used * a_minute, 2),
        redis_cpu_seconds=round((after[2] - before[2]) * a_minute, 2),
        commands=round((after[1] - before[1]) * a_minute),
        memory_mb=round(memory),
    )
    print(
        f"{count:>7,} schedules  {system:<20} idle: {found.cpu_seconds} s of processor a minute, "
        f"Redis {found.redis_cpu_seconds} s, {found.commands:,} commands, {found.memory_mb} MB",
        flush=True,
    )
    return found
