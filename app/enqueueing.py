"""Queue runs from code: a task's run may start others, which then appear as its children.

People's acts go through `app.actions` instead, which decides, audits and waits for Redis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from redis import Redis

from app import keys, scripts
from app.connection import asking_redis, connect
from app.context import running
from app.dependencies import MOST_DEPENDENCIES
from app.errors import Invalid
from app.run_jobs import NewRun, digest, job_pairs, manual_run_id
from app.settings import current_settings

if TYPE_CHECKING:
    from app.tasks import Task

# One script call a run, this many in one round trip.
BATCH = 1_000

LONGEST_RUN_ID = 200


@dataclass(frozen=True)
class Waits:
    """For which runs a new one waits, and whether it follows however they end."""

    depends_on: tuple[str, ...] = ()
    allow_failure: bool = False


def enqueue_all(
    task: Task[Any, Any],
    many: Iterable[Mapping[str, Any]],
    at: datetime | None = None,
    after: timedelta | None = None,
    key: str | None = None,
    waits: Waits | None = None,
) -> list[str]:
    """Queue one run of `task` for each arguments; return their run ids in order.

    Raises Invalid (nothing is queued then), Unavailable (some may be queued: with a key it is
    safe to repeat).
    """
    now = datetime.now(UTC)
    waits = waits or Waits()
    due = _due(at, after, now)
    if due is not None and waits.depends_on:
        raise Invalid("Say when once.", {"depends_on": "or at, or after"})
    runs = [
        new_run(task, arguments, due or now, key, str(number), waits)
        for number, arguments in enumerate(many)
    ]
    redis = _client(current_settings().redis_url)
    with asking_redis():
        for first in range(0, len(runs), BATCH):
            _send(redis, runs[first : first + BATCH], due, together=False)
    return [run.run_id for run in runs]


def enqueue_together(runs: Sequence[NewRun]) -> None:
    """Queue all of these runs or none. Raises Invalid, Unavailable."""
    redis = _client(current_settings().redis_url)
    with asking_redis():
        _send(redis, runs, None, together=True)


def new_run(
    task: Task[Any, Any],
    arguments: Mapping[str, Any],
    at: datetime,
    key: str | None,
    place: str,
    waits: Waits,
) -> NewRun:
    """Return a run of `task`; the same key and place give the same. Raises Invalid."""
    parent = running()
    name = None if key is None else digest(f"{task.id}\n{key}\n{place}")
    first = waits.depends_on[0] if waits.depends_on else None
    return NewRun(
        run_id=manual_run_id(task.id, at, name),
        task_id=task.id,
        path=task.path,
        queue=task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger="dependency" if parent or first else "api",
        at=at,
        arguments=task.parameters.validate(arguments),
        triggered_by=parent.task_id if parent else "code",
        parent_run_id=parent.run_id if parent else first,
        depends_on=waits.depends_on,
        allow_failure=waits.allow_failure,
    )


def checked_waits(depends_on: str | Iterable[str] | None, allow_failure: bool) -> Waits:
    """Return for what to wait. Raises Invalid for what is no run id."""
    several = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on or ())
    names = tuple(dict.fromkeys(several))
    if len(names) > MOST_DEPENDENCIES:
        raise Invalid("Too many.", {"depends_on": f"at most {MOST_DEPENDENCIES:,} runs"})
    for name in names:
        given: object = name
        if not isinstance(given, str) or not 1 <= len(given) <= LONGEST_RUN_ID:
            raise Invalid("Wait for what?", {"depends_on": "run ids, as enqueue returns them"})
    return Waits(names, allow_failure)


def _send(redis: Redis, runs: Sequence[NewRun], due: datetime | None, *, together: bool) -> None:
    if len(runs) == 1:
        # A pipeline first asks in a round trip of its own whether Redis knows the script.
        answers = [_add(redis, runs[0], due)]
    else:
        pipeline = redis.pipeline(transaction=together)
        for run in runs:
            _add(pipeline, run, due)
        answers = pipeline.execute()
    missing = [answer for answer in answers if answer.startswith(b"MISSING ")]
    if missing:
        name = missing[0].partition(b" ")[2].decode("utf-8", "replace")
        raise Invalid(
            "A run cannot wait for one that Redis does not know.",
            {"depends_on": f"{name} ended more than a day ago, or never was"},
        )


def _add(client: Any, run: NewRun, due: datetime | None) -> Any:
    if run.depends_on:
        return defer(client, run, 1, 0, run.depends_on, missing="refuse")
    args: list[Any] = [run.run_id, run.queue, "" if due is None else due.timestamp(), 1, 0]
    where = [keys.job(run.run_id), keys.live(run.task_id)]
    return scripts.run("enqueue", client, where, [*args, run.static(), *job_pairs(run)])


def defer(
    client: Any,
    run: NewRun,
    revision: int,
    attempt: int,
    depends_on: Sequence[str],
    *,
    missing: str,
    broken: str = "",
) -> Any:
    """Let a run wait for others; defer.lua says what is answered."""
    args: list[Any] = [run.run_id, run.queue, revision, attempt, run.static()]
    args += [int(run.allow_failure), missing, broken, len(depends_on), *depends_on]
    where = [keys.job(run.run_id), keys.live(run.task_id)]
    return scripts.run("defer", client, where, [*args, *job_pairs(run, revision, attempt)])


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
