"""One pass over many schedules that are all due, ours and rq-scheduler's in turn."""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from rq_scheduler import Scheduler as StockScheduler

from app import keys
from app.due import look
from app.firing import Firing
from app.leader import Leadership
from app.reconcile import reconcile
from app.records.database import writing
from app.records.migrate import migrate
from app.records.releases import adopt_catalogue, register_release
from app.settings import Settings
from app.system import System
from benchmarks.workers.measuring import Stage, stage

CRON = "*/30 * * * *"


def due_at_once(count: int, rounds: int) -> dict[str, float]:
    """Time passes over `count` due cron schedules; return the rates and their ratio."""
    ours: list[float] = []
    theirs: list[float] = []
    # rq-scheduler's cron library announces a change of its clock at every call.
    warnings.simplefilter("ignore", FutureWarning)
    with stage() as at, _declared(at, count) as system:
        for _ in range(rounds):
            ours.append(
                _rate(at.redis, count, lambda _redis, _count: _place(system), _pass_of_ours)
            )
            theirs.append(_rate(at.redis, count, _place_stock, _pass_of_stock))
    found = {
        "schedules": count,
        "rota per second": round(statistics.median(ours)),
        "rq-scheduler per second": round(statistics.median(theirs)),
        "times": round(statistics.median(ours) / statistics.median(theirs), 1),
    }
    print(
        f"{count:>7,} due at once: {found['rota per second']:,.0f}/s, "
        f"rq-scheduler {found['rq-scheduler per second']:,.0f}/s: {found['times']} times",
        flush=True,
    )
    return found


def _rate(
    redis: Redis,
    count: int,
    place: Callable[[Redis, int], None],
    one_pass: Callable[[Redis], None],
) -> float:
    redis.flushall()
    place(redis, count)
    start = time.perf_counter()
    one_pass(redis)
    return count / (time.perf_counter() - start)


def _pass_of_ours(redis: Redis) -> None:
    leadership = Leadership(redis, "benchmark")
    leadership.keep()
    firing = Firing(redis)
    while (due := look(redis, leadership.lock, ["default"])).schedules:
        firing.fire(leadership.lock, due)
    firing.close()


def _pass_of_stock(redis: Redis) -> None:
    scheduler = StockScheduler(connection=redis)
    for job in scheduler.get_jobs_to_queue():
        scheduler.enqueue_job(job)


def _place_stock(redis: Redis, count: int) -> None:
    scheduler = StockScheduler(connection=redis)
    for number in range(count):
        scheduler.cron(CRON, func="benchmarks.schedulers.peers.tick", id=f"n{number}")
    names: Any = redis.zrange(scheduler.scheduled_jobs_key, 0, -1)
    redis.zadd(scheduler.scheduled_jobs_key, dict.fromkeys(names, time.time() - 1))


@contextmanager
def _declared(at: Stage, count: int) -> Iterator[System]:
    """Release `count` schedules of every half hour."""
    os.environ.update({"BENCHMARK_SCHEDULES": str(count), "BENCHMARK_SHAPE": "half-hourly"})
    settings = Settings(
        redis_url=at.url,
        database_url=f"sqlite:///{at.folder / 'due.sqlite3'}",
        task_modules=("benchmarks.schedulers.tasks",),
        data_dir=at.folder,
        log_dir=at.folder / "logs",
    )
    system = System.open(settings)
    migrate(system.database)
    now = datetime.now(UTC)
    with writing(system.database) as connection:
        register_release(connection, system.catalogue.hash, now)
        adopt_catalogue(connection, system.catalogue, now)
    yield system
    system.close()


def _place(system: System) -> None:
    reconcile(system, datetime.now(UTC))
    _due_again(system.redis, int(time.time() // 1800 * 1800))


def _due_again(redis: Redis, due: int) -> None:
    """Let every schedule be due at a fire time, as if everything before had been dealt with."""
    names: Any = redis.zrange(keys.SCHEDULE, 0, -1)
    pipeline = redis.pipeline(transaction=False)
    for name in names:
        pipeline.hset(keys.schedule(name.decode()), "nominal", due)
        pipeline.hdel(keys.schedule(name.decode()), "last")
    pipeline.zadd(keys.SCHEDULE, dict.fromkeys(names, due))
    pipeline.execute()
