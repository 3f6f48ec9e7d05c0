"""Queue runs from code: a task's run may start others, which then appear as its children.

People's acts go through `app.actions` instead, which decides, audits and waits for Redis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from redis import Redis

from app import keys, scripts
from app.connection import asking_redis, connect
from app.context import running
from app.errors import Invalid
from app.run_jobs import NewRun, digest, job_pairs, manual_run_id
from app.settings import current_settings

if TYPE_CHECKING:
    from app.tasks import Task

# One script call a run, this many in one round trip.
BATCH = 1_000


def enqueue_all(
    task: Task[Any, Any],
    many: Iterable[Mapping[str, Any]],
    at: datetime | None,
    after: timedelta | None,
    key: str | None,
) -> list[str]:
    """Queue one run of `task` for each arguments; return their run ids in order.

    Raises Invalid (nothing is queued then), Unavailable (some may be queued: with a key it is
    safe to repeat).
    """
    now = datetime.now(UTC)
    due = _due(at, after, now)
    runs = [
        _run(task, task.parameters.validate(arguments), due or now, now, key, number)
        for number, arguments in enumerate(many)
    ]
    redis = _client(current_settings().redis_url)
    with asking_redis():
        for first in range(0, len(runs), BATCH):
            pipeline = redis.pipeline(transaction=False)
            for run in runs[first : first + BATCH]:
                _add(pipeline, redis, run, due)
            pipeline.execute()
    return [run.run_id for run in runs]


def _add(pipeline: Any, redis: Redis, run: NewRun, due: datetime | None) -> None:
    args: list[Any] = [run.run_id, run.queue, "" if due is None else due.timestamp(), 1, 0]
    where = [keys.job(run.run_id), keys.live(run.task_id)]
    scripts.run("enqueue", pipeline, where, [*args, run.static(), *job_pairs(run)])


def _run(
    task: Task[Any, Any],
    arguments: dict[str, Any],
    at: datetime,
    now: datetime,
    key: str | None,
    number: int,
) -> NewRun:
    parent = running()
    name = None if key is None else digest(f"{task.id}\n{key}\n{number}")
    return NewRun(
        run_id=manual_run_id(task.id, now, name),
        task_id=task.id,
        path=task.path,
        queue=task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger="dependency" if parent else "api",
        at=at,
        arguments=arguments,
        triggered_by=parent.task_id if parent else "code",
        parent_run_id=parent.run_id if parent else None,
    )


def _due(at: datetime | None, after: timedelta | None, now: datetime) -> datetime | None:
    if at is not None and after is not None:
        raise Invalid("Say when once.", {"at": "either at or after", "after": "or after"})
    if at is not None and at.tzinfo is None:
        raise Invalid("at has no time zone.", {"at": "an aware datetime"})
    return at if after is None else now + after


@cache
def _client(url: str) -> Redis:
    # redis-py's pool notices a fork and opens connections of its own.
    return connect(url)
