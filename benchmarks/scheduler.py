"""The scheduler beside rq-scheduler: many due at once, and lateness on an idle box.

`python -m benchmarks.scheduler [--json FILE] [--schedules N] [--rounds N] [--seconds N]`
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis
from rq_scheduler import Scheduler as StockScheduler

from app import keys, scripts
from app.catalogue import load
from app.connection import connect
from app.definitions import canonical
from app.due import look
from app.firing import fire
from app.leader import Leadership
from app.run_jobs import template_pairs
from tests.fixtures import open_system, release
from tests.servers import RedisServer

COUNTS = (10, 1_000, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--schedules", type=int, default=10_000, help="due at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20, help="of watching lateness, each")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    figures: dict[str, Any] = {
        "due at once": due_at_once(options.schedules, options.rounds),
        "lateness": [lateness(count, options.seconds) for count in COUNTS],
    }
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def due_at_once(count: int, rounds: int) -> dict[str, float]:
    """Time passes over `count` due cron schedules, ours and rq-scheduler's in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    with TemporaryDirectory() as folder:
        server = RedisServer(Path(folder) / "redis")
        server.start()
        redis = connect(server.url, "scheduler")
        for _ in range(rounds):
            ours.append(_rate(redis, count, _prepare_ours, _pass_of_ours))
            theirs.append(_rate(redis, count, _prepare_stock, _pass_of_stock))
        server.stop()
    found = {
        "schedules": count,
        "rota per second": round(statistics.median(ours)),
        "rq-scheduler per second": round(statistics.median(theirs)),
        "times": round(statistics.median(ours) / statistics.median(theirs), 1),
    }
    print(
        f"{count:,} due at once: {found['rota per second']:,.0f}/s, "
        f"rq-scheduler {found['rq-scheduler per second']:,.0f}/s: {found['times']} times"
    )
    return found


def lateness(count: int, seconds: int) -> dict[str, float]:
    """Watch how late a real scheduler process fires, with `count` schedules spread over time."""
    with TemporaryDirectory() as folder:
        server = RedisServer(Path(folder) / "redis")
        server.start()
        system = open_system(server.url, f"sqlite:///{folder}/rota.sqlite3", Path(folder))
        release(system)
        process = _start_scheduler(server.url, folder)
        time.sleep(3)
        system.redis.delete(keys.SCHEDULE)
        # About a hundred fires a second, whatever the number of schedules.
        every = max(count // 100, 1)
        _place(system.redis, count, every)
        time.sleep(2)
        system.redis.xtrim(keys.EVENTS, maxlen=0)
        late = _watch(system.redis, seconds)
        process.terminate()
        process.wait()
        system.close()
        server.stop()
    late.sort()
    found = {
        "schedules": count,
        "fires": len(late),
        "p50 ms": round(statistics.median(late), 1),
        "p99 ms": round(late[int(len(late) * 0.99)], 1),
    }
    print(
        f"{count:,} schedules, {len(late):,} fires: late by p50 {found['p50 ms']} ms, "
        f"p99 {found['p99 ms']} ms"
    )
    return found


def _rate(
    redis: Redis,
    count: int,
    prepare: Callable[[Redis, int], None],
    one_pass: Callable[[Redis], None],
) -> float:
    redis.flushall()
    prepare(redis, count)
    start = time.perf_counter()
    one_pass(redis)
    return count / (time.perf_counter() - start)


def _prepare_ours(redis: Redis, count: int) -> None:
    _place(redis, count, 1800, due=int(time.time()) - 1)


def _pass_of_ours(redis: Redis) -> None:
    leadership = Leadership(redis, "bench")
    leadership.keep()
    while (due := look(redis, leadership.lock, ["default"])).schedules:
        fire(redis, leadership.lock, due)


def _prepare_stock(redis: Redis, count: int) -> None:
    scheduler = StockScheduler(connection=redis)
    for number in range(count):
        scheduler.cron("*/30 * * * *", func="tests.samples.basic.greet", id=f"s{number}")
    names: Any = redis.zrange(scheduler.scheduled_jobs_key, 0, -1)
    redis.zadd(scheduler.scheduled_jobs_key, dict.fromkeys(names, time.time() - 1))


def _pass_of_stock(redis: Redis) -> None:
    scheduler = StockScheduler(connection=redis)
    for job in scheduler.get_jobs_to_queue():
        scheduler.enqueue_job(job)


def _place(redis: Redis, count: int, every: int, due: int | None = None) -> None:
    catalogue = load(("tests.samples",), "UTC")
    task = catalogue.task("greet")
    now = int(time.time())
    pipeline = redis.pipeline(transaction=False)
    for number in range(count):
        definition = {
            **catalogue.policies(task),
            "schedule": _interval(every, number),
            "arguments": {},
            "overlap": "allow",
        }
        first = due if due is not None else now + 1 + number % every
        name = f"s{number}"
        args: list[Any] = [name, canonical(definition), 1, "", "", "active", first, first, 0, 1]
        where = [keys.schedule(name), keys.job(name)]
        scripts.run("define", pipeline, where, [*args, *template_pairs(name, definition, redis)])
        if number % 1_000 == 999:
            pipeline.execute()
    pipeline.execute()


def _interval(every: int, phase: int) -> dict[str, Any]:
    from_task = load(("tests.samples",), "UTC").task("greet").schedules[0].schedule
    document = dict(from_task.in_zone("UTC").to_json())
    return {**document, "every_seconds": every, "anchor": _anchor(every, phase)}


def _anchor(every: int, phase: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_700_000_000 + phase % every))


def _start_scheduler(redis_url: str, folder: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{folder}/rota.sqlite3",
        "TASK_MODULES": "tests.samples",
        "DATA_DIR": folder,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "app", "scheduler"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _watch(redis: Redis, seconds: int) -> list[float]:
    """Return the lateness in milliseconds of every fire that happens meanwhile."""
    late: list[float] = []
    last = b"$"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        entries = _entries(redis.xread({keys.EVENTS: last}, block=500, count=5_000))
        for _, fields in entries:
            static = json.loads(fields[b"static"])
            late.append(int(fields[b"at"]) - static["fire_time"])
        last = entries[-1][0] if entries else last
    return late


def _entries(answer: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return one stream's entries, whichever protocol answered."""
    if not answer:
        return []
    found = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    flat: list[Any] = found[0] if found and isinstance(found[0], list) else found
    return flat


if __name__ == "__main__":
    main()
