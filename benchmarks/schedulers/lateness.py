"""How late schedulers fire: from the fire time to the moment a waiting reader has the job."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from benchmarks.schedulers.running import OURS, PEERS, queue_of, scheduler
from benchmarks.workers.measuring import stage

MINUTE = 60.0
# A scheduler must have read its schedules before the minute that is measured begins.
SETTLING = 8.0


@dataclass(frozen=True)
class Lateness:
    """Milliseconds after the fire time; None where nothing came within the minute."""

    system: str
    schedules: int
    fires: int
    p50: float | None
    p99: float | None


def at_the_minute(system: str, count: int, marks: int) -> Lateness:
    """Watch one system at so many full minutes, a hundred schedules (or all) due at each."""
    late: list[float] = []
    with stage() as at, scheduler(system, at, count):
        time.sleep(SETTLING)
        at.redis.delete(queue_of(system))
        first = (time.time() // MINUTE + 1) * MINUTE
        for mark in range(marks):
            due = first + mark * MINUTE
            until = due + MINUTE - 1
            late += [(seen - due) * 1000 for seen, _ in arrivals(at.redis, queue_of(system), until)]
    return summary(system, count, late)


def spread(count: int, seconds: int) -> Lateness:
    """Watch ours with `count` interval schedules, about a hundred of them due every second."""
    late: list[float] = []
    with stage() as at, scheduler(OURS, at, count, "spread"):
        time.sleep(SETTLING)
        at.redis.delete(queue_of(OURS))
        for seen, job in arrivals(at.redis, queue_of(OURS), time.time() + seconds):
            late.append((seen - int(job.rpartition(b"--")[2])) * 1000)
    return summary(OURS, count, late)


def arrivals(redis: Redis, queue: str, until: float) -> Iterator[tuple[float, bytes]]:
    """Yield (when it arrived, job) of what is pushed to a list until a time (epoch seconds)."""
    while (left := until - time.time()) > 0.01:
        answer: Any = redis.blmpop(min(left, 2), 1, queue, direction="LEFT", count=999)
        seen = time.time()
        for job in answer[1] if answer else ():
            yield seen, job


def summary(system: str, count: int, late: list[float]) -> Lateness:
    """Return the figures of one watch."""
    if not late:
        return Lateness(system, count, 0, None, None)
    late = sorted(late)
    p99 = late[min(int(len(late) * 0.99), len(late) - 1)]
    return Lateness(system, count, len(late), round(statistics.median(late), 1), round(p99, 1))


def table(counts: list[int], marks: int) -> list[Lateness]:
    """Measure every system with each number of schedules, and print a line for each."""
    found: list[Lateness] = []
    for count in counts:
        for system in (OURS, *PEERS):
            found.append(at_the_minute(system, count, marks))
            print(line(found[-1]), flush=True)
    return found


def line(one: Lateness) -> str:
    """Return one measurement in words."""
    head = f"{one.schedules:>7,} schedules  {one.system:<20} {one.fires:>6,} fires"
    if one.p50 is None:
        return f"{head}  nothing within the minute"
    return f"{head}  late by p50 {one.p50:>8,.1f} ms, p99 {one.p99:>8,.1f} ms"
