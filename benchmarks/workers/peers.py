"""The jobs as the peers' tasks, and a command that fills their queues.

Runs in the peers' environment: `python -m benchmarks.workers.peers fill SYSTEM BODY COUNT`, and
`… ping SYSTEM COUNT PAUSE`, which enqueues numbered jobs one by one and prints when (ns).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import dramatiq  # type: ignore[import-not-found]  # only in the peers' environment
from celery import Celery  # type: ignore[import-not-found]  # only in the peers' environment
from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]  # only in the peers' environment
from huey import RedisHuey  # type: ignore[import-not-found]  # only in the peers' environment
from redis import Redis
from rq import Queue

from benchmarks.workers import bodies

URL = os.environ["REDIS_URL"]
LATE = os.environ.get("BENCHMARK_LATE") == "1"

celery = Celery("peers", broker=URL, backend=URL if LATE else None)
celery.conf.update(
    task_acks_late=LATE,
    task_ignore_result=not LATE,
    worker_prefetch_multiplier=4,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    result_expires=3600,
)
huey = RedisHuey("peers", url=URL, results=False)
broker = RedisBroker(url=URL)
dramatiq.set_broker(broker)

BODIES: dict[str, Callable[..., None]] = {**bodies.BODIES, "begin": bodies.begin}
CELERY: dict[str, Any] = {n: celery.task(name=f"peers.{n}")(b) for n, b in BODIES.items()}
HUEY: dict[str, Any] = {n: huey.task(name=f"h_{n}")(b) for n, b in BODIES.items()}
ACTORS: dict[str, Any] = {
    n: dramatiq.actor(b, actor_name=f"d_{n}", max_retries=0) for n, b in BODIES.items()
}


def sender(system: str, body: str) -> Callable[..., Any]:
    """Return what enqueues one job."""
    senders: dict[str, Callable[[], Any]] = {
        "celery": lambda: CELERY[body].delay,
        "huey": lambda: HUEY[body],
        "dramatiq": lambda: ACTORS[body].send,
    }
    if system in senders:
        found: Callable[..., Any] = senders[system]()
        return found
    queue = Queue("default", connection=Redis.from_url(URL))
    function = BODIES[body]
    return lambda *args: queue.enqueue(function, *args)


def main(words: list[str]) -> None:
    if words[0] == "fill":
        _, system, body, count = words
        send = sender(system, body)
        for _ in range(int(count)):
            send()
        return
    _, system, count, pause = words
    send = sender(system, "begin")
    for number in range(int(count)):
        print(time.monotonic_ns(), flush=True)
        send(number)
        time.sleep(float(pause))


if __name__ == "__main__":
    main(sys.argv[1:])
