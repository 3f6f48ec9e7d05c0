"""Delayed runs move to their queues; runs of dead workers start again."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from redis import Redis

from app import keys, scripts
from app.run_jobs import FAILURE_TTL

log = logging.getLogger("rota.scheduler")

# A worker beats every 5 s; after three missed beats its runs start again.
SILENT_SECONDS = 15
# The third recovery within three days means that the run kills its workers.
QUARANTINE_AFTER = 3
QUARANTINE_WINDOW = 72 * 3600


def move(redis: Redis, due: Iterable[tuple[str, str]]) -> int:
    """Move delayed runs (queue, run id) that are due; return how many moved."""
    pipeline = redis.pipeline(transaction=False)
    for queue, run_id in due:
        scripts.run("move", pipeline, [keys.delayed(queue), keys.job(run_id)], [run_id, queue])
    return sum(answer in (b"MOVED", b"FOREIGN") for answer in pipeline.execute())


def release(redis: Redis) -> int:
    """Queue runs kept back by the overlap policy whose predecessor ended unnoticed."""
    waiting: Any = redis.hkeys(keys.BUFFERED)
    return sum(int(scripts.run("release", redis, [], [task])) for task in waiting)


def settle(redis: Redis) -> int:
    """Go on with runs that more others wait for than one step deals with; return how many."""
    ended: Any = redis.srandmember(keys.SETTLING, 20)
    for run_id in ended:
        scripts.run("settle", redis, [], [run_id])
    return len(ended)


def recover(redis: Redis, now: float) -> int:
    """Start the runs of silent workers again; `now` is the server's clock, epoch s."""
    dead: Any = redis.zrangebyscore(keys.LIVENESS, "-inf", now, start=0, num=500)
    found = 0
    for member in dead:
        queue, _, rest = member.decode("utf-8", "replace").partition("|")
        run_id, _, execution_id = rest.partition("|")
        if f"{queue}|{run_id}|{execution_id}".encode() != member:
            log.error("Dropping %.100r, which names no execution", member)
            redis.zrem(keys.LIVENESS, member)
            continue
        answer = scripts.run(
            "recover",
            redis,
            [],
            [queue, run_id, execution_id, QUARANTINE_AFTER, QUARANTINE_WINDOW, FAILURE_TTL],
        )
        if answer in (b"REQUEUED", b"QUARANTINED"):
            log.warning("Run %s of a dead worker: %s", run_id, answer.decode().lower())
            found += 1
    return found
