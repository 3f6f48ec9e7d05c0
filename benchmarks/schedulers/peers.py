"""The peers' schedulers. Runs in their environment:

`python -m benchmarks.schedulers.peers SYSTEM COUNT` runs one in the foreground with COUNT cron
schedules: the first hundred fire every minute, the others once a year.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from redis import Redis

URL = os.environ["REDIS_URL"]
FIRING = 100


def expression(number: int) -> str:
    """Return when schedule `number` fires."""
    return "* * * * *" if number < FIRING else "0 0 1 1 *"


def tick() -> None:
    """Do nothing."""


def rq_scheduler(count: int, interval: int) -> None:
    from rq_scheduler import Scheduler  # each system is imported where it is measured

    scheduler = Scheduler(connection=Redis.from_url(URL), interval=interval)
    for number in range(count):
        scheduler.cron(expression(number), func=tick, id=f"n{number}", queue_name="default")
    scheduler.run()


def rq_cron(count: int) -> None:
    from rq.cron import CronScheduler  # each system is imported where it is measured

    scheduler = CronScheduler(connection=Redis.from_url(URL))
    for number in range(count):
        scheduler.register(tick, "default", cron=expression(number))
    scheduler.start()  # type: ignore[no-untyped-call]  # as RQ has it


def celery_beat(count: int) -> None:
    from celery import Celery  # type: ignore[import-not-found]  # only in the peers' environment
    from celery.schedules import crontab  # type: ignore[import-not-found]  # likewise

    celery = Celery("beat", broker=URL)
    celery.task(name="tick")(tick)
    yearly = crontab("0", "0", day_of_month="1", month_of_year="1")
    celery.conf.beat_schedule = {
        f"n{number}": {"task": "tick", "schedule": crontab() if number < FIRING else yearly}
        for number in range(count)
    }
    with tempfile.TemporaryDirectory() as folder:
        celery.Beat(schedule=str(Path(folder) / "beat"), loglevel="WARNING").run()


def apscheduler(count: int) -> None:
    from apscheduler.schedulers.blocking import (  # type: ignore[import-not-found]  # likewise
        BlockingScheduler,
    )
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-not-found]  # likewise

    redis = Redis.from_url(URL)
    scheduler = BlockingScheduler(timezone="UTC")
    for number in range(count):
        trigger = CronTrigger.from_crontab(expression(number), timezone="UTC")
        # It runs jobs itself; a push stands for handing the job to somebody's queue.
        scheduler.add_job(
            redis.rpush, trigger, ("jobs", number), id=f"n{number}", misfire_grace_time=None
        )
    scheduler.start()


SYSTEMS: dict[str, Callable[[int], None]] = {
    "rq-scheduler -i 60": lambda count: rq_scheduler(count, 60),
    "rq-scheduler -i 1": lambda count: rq_scheduler(count, 1),
    "rq cron": rq_cron,
    "Celery beat": celery_beat,
    "APScheduler": apscheduler,
}

if __name__ == "__main__":
    SYSTEMS[sys.argv[1]](int(sys.argv[2]))
