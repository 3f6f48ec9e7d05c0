"""One pass over many schedules that are all due, ours and rq-scheduler's in turn."""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

from redis import Redis
from rq_scheduler import Scheduler as StockScheduler

from app import keys, scripts
from app.catalogue import load
from app.definitions import canonical
from app.due import look
from app.firing import Firing
from app.leader import Leadership
from app.run_jobs import template_pairs
from benchmarks.workers.measuring import stage

CRON = "*/30 * * * *"


def due_at_once(count: int, rounds: int) -> dict[str, float]:
    """Time passes over `count` due cron schedules; return the rates and their ratio."""
    ours: list[float] = []
    theirs: list[float] = []
    # rq-scheduler's cron library announces a change of its clock at every call.
    warnings.simplefilter("ignore", FutureWarning)
    with stage() as at:
        for _ in range(rounds):
            ours.append(_rate(at.redis, count, _place_ours, _pass_of_ours))
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


def _place_ours(redis: Redis, count: int) -> None:
    catalogue = load(("benchmarks.schedulers.tasks",), "UTC")
    task = catalogue.task("tick")
    document = dict(task.schedules[0].schedule.in_zone("UTC").to_json())
    definition = {
        **catalogue.policies(task),
        "schedule": {**document, "expression": CRON},
        "arguments": {},
    }
    due = int(time.time() // 1800 * 1800)
    pipeline = redis.pipeline(transaction=False)
    for number in range(count):
        name = f"n{number}"
        args: list[Any] = [name, canonical(definition), 1, "", "", "active", due, due, 0, 1]
        where = [keys.schedule(name), keys.job(name)]
        scripts.run("define", pipeline, where, [*args, *template_pairs(name, definition, redis)])
        if number % 1_000 == 999:
            pipeline.execute()
    pipeline.execute()
