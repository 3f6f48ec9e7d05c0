"""A hundred thousand jobs in RQ's registries, and two hundred workers, as RQ itself writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from rq.job import Job
from rq.queue import Queue

from benchmarks.workers import bodies

WORKERS = 200
AT_ONCE = 2_000
# Shares of the jobs: most have failed or finished, as registries fill up.
SHARES = {"rq:failed:": 50, "rq:finished:": 40, "rq:scheduled:": 4, "rq:wip:": 1, "": 5}
STATUS = {"rq:failed:": "failed", "rq:finished:": "finished", "rq:scheduled:": "scheduled",
          "rq:wip:": "started", "": "queued"}  # fmt: skip


def fill(redis: Redis, queues: Sequence[str], count: int, now: datetime) -> None:
    """Write `count` jobs over all registries of these queues."""
    template = _template(redis)
    pipeline = redis.pipeline(transaction=False)
    pipeline.sadd("rq:queues", *(f"rq:queue:{name}" for name in queues))
    number = 0
    for registry, share in SHARES.items():
        for place in range(count * share // 100):
            # Half of everything is in one queue: deep pages need a deep registry.
            name = queues[0 if place % 2 else place % len(queues)]
            _job(pipeline, f"job-{number:07}", registry, name, template, now)
            number += 1
            if number % AT_ONCE == 0:
                pipeline.execute()
    pipeline.execute()


def fill_workers(redis: Redis, queues: Sequence[str], now: datetime) -> None:
    """Write the workers, with signs of life that stay young for an hour."""
    pipeline = redis.pipeline(transaction=False)
    for worker in range(WORKERS):
        _worker(pipeline, f"host-{worker % 20}.{worker}", queues, worker, now)
    pipeline.execute()


def _template(redis: Redis) -> dict[str, Any]:
    job = Job.create(bodies.noop, connection=redis, timeout=600, result_ttl=500)
    found: dict[str, Any] = job.to_dict()
    return found


def _job(
    pipeline: Redis,
    name: str,
    registry: str,
    queue: str,
    template: dict[str, Any],
    now: datetime,
) -> None:
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields: Any = template | {"origin": queue, "status": STATUS[registry], "enqueued_at": moment}
    if registry in ("rq:failed:", "rq:finished:"):
        fields |= {"started_at": moment, "ended_at": moment}
    pipeline.hset(f"rq:job:{name}", mapping=fields)
    later = (now + timedelta(days=1)).timestamp()
    if registry:
        member = f"{name}:1" if registry == "rq:wip:" else name
        pipeline.zadd(f"{registry}{queue}", {member: later})
    else:
        pipeline.rpush(f"{Queue.redis_queue_namespace_prefix}{queue}", name)


def _worker(pipeline: Redis, name: str, queues: Sequence[str], number: int, now: datetime) -> None:
    heard = (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    listens = queues[number % len(queues)]
    pipeline.sadd("rq:workers", f"rq:worker:{name}")
    pipeline.hset(
        f"rq:worker:{name}",
        mapping={
            "birth": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "last_heartbeat": heard,
            "queues": listens,
            "pid": str(1000 + number),
            "hostname": f"host-{number % 20}",
            "ip_address": "",
            "version": "3.0.0",
            "python_version": "3.11.2",
            "state": "busy" if number % 2 else "idle",
            "successful_job_count": "120",
            "failed_job_count": "3",
            "total_working_time": "5120.25",
        },
    )
