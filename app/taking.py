"""Taking the next run from the queues: whose it is, and whether it may run here."""

from __future__ import annotations

import inspect
import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from redis import Redis

from app import keys, scripts
from app.catalogue import Catalogue
from app.dependencies import dependency_ids
from app.errors import Invalid
from app.events import instant
from app.limits import limits_json
from app.quarantine import set_aside
from app.recovery import SILENT_SECONDS
from app.run_jobs import NewRun, call_of, decoded_hash, rq_time
from app.tasks import Task

log = logging.getLogger("rota.worker")

# RQ's own readers call an execution abandoned after this long; our reaper is far quicker.
RQ_TTL = 300

# What reading somebody else's data raises.
UNREADABLE = (ValueError, TypeError, KeyError, OverflowError, RecursionError)

# Calls `advance` with keys and arguments.
Line = Callable[[list[str], list[Any]], Any]


@dataclass(frozen=True)
class Taken:
    """A run that this worker has started. `task` is None where this code has no such task."""

    queue: str
    run_id: str
    execution_id: str
    attempt: int
    revision: int
    static: dict[str, Any]
    static_json: bytes
    task: Task[Any, Any] | None
    arguments: dict[str, Any]
    # It is to have a process for itself, whatever its task says.
    alone: bool = False


@dataclass(frozen=True)
class Ended:
    """An execution's end as `finish.lua` wants it."""

    keys: list[str]
    arguments: list[Any]


@dataclass(frozen=True)
class Advanced:
    """What one step did: whether the end was written (it is not where another execution has the
    run by now), and the run that was taken, if one waited; `held` tells that one waited that may
    not be taken now. `again`: what stood in the way was dealt with, and the next step may take the
    foreign job that is `approved` (its id and static JSON)."""

    written: bool
    taken: Taken | None = None
    held: bool = False
    again: bool = False
    approved: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Step:
    """One call of `advance`, to be sent."""

    execution_id: str
    at: datetime
    keys: list[str]
    arguments: list[Any]


def take(redis: Redis, catalogue: Catalogue, worker: str, queues: Sequence[str]) -> Taken | None:
    """Take and start the next run, None when nothing waits or RQ's workers are suspended."""
    return advance(redis, catalogue, worker, queues, None).taken


def advance(
    redis: Redis,
    catalogue: Catalogue,
    worker: str,
    queues: Sequence[str],
    ended: Ended | None,
    others: int = 0,
    *,
    announce: bool = True,
    allowed: str = "",
    approved: tuple[str, str] = ("", ""),
    line: Line | None = None,
) -> Advanced:
    """Write how an execution ended and take the next run, in one step; no queues: take nothing.

    `others` is how many further executions go on in the worker; `announce` tells RQ's readers
    which run it has now; `allowed` says which tasks' runs may be taken (take.lua); `line` is a
    quicker way to the script. Foreign jobs run where they call a task of the catalogue in RQ's
    JSON form; others are set aside whole.
    """
    written = False
    call = line or partial(scripts.run, "advance", redis)
    while True:
        step = next_step(
            catalogue, worker, queues, ended, others, announce, allowed=allowed, approved=approved
        )
        answer = call(step.keys, step.arguments)
        done = understood(redis, catalogue, worker, step, answer)
        written, ended, approved = written or done.written, None, done.approved
        if not done.again:
            return replace(done, written=written)


def next_step(
    catalogue: Catalogue,
    worker: str,
    queues: Sequence[str],
    ended: Ended | None,
    others: int,
    announce: bool,
    *,
    allowed: str,
    approved: tuple[str, str] = ("", ""),
) -> Step:
    """Return the call that does what `advance` says."""
    execution_id, now = secrets.token_hex(16), datetime.now(UTC)
    names = [keys.worker(worker), keys.worker_executions(worker), *(ended.keys if ended else ())]
    arguments = [
        worker,
        others,
        int(announce),
        len(queues),
        execution_id,
        SILENT_SECONDS,
        RQ_TTL,
        rq_time(now),
        *approved,
        allowed,
        limits_json(catalogue),
        *queues,
        *(ended.arguments if ended else ()),
    ]
    return Step(execution_id, now, names, arguments)


def understood(
    redis: Redis, catalogue: Catalogue, worker: str, step: Step, answers: list[Any]
) -> Advanced:
    """Return what a step did; what cannot be run is set aside. Raises redis errors."""
    finished, *answer = answers
    written = finished == b"OK"
    if not answer or answer[0] in (b"suspended", b"held"):
        return Advanced(written, held=bool(answer) and answer[0] == b"held")
    kind, queue, run_id = answer[0].decode(), answer[1].decode(), answer[2]
    if kind == "broken":
        why = answer[3].decode("utf-8", "replace")
        set_aside(redis, keys.queue(queue), run_id, why, step.at)
    elif kind == "foreign":
        static = _checked_foreign(redis, catalogue, queue, run_id, answer[3], step.at)
        if static is not None:
            return Advanced(written, again=True, approved=(run_id.decode(), static))
    elif kind == "run":
        name, execution_id = run_id.decode(), step.execution_id
        try:
            return Advanced(written, _taken(catalogue, queue, name, execution_id, *answer[3:]))
        except UNREADABLE as error:
            _give_up(redis, worker, queue, run_id, execution_id, error, step.at)
    return Advanced(written, again=True)


def _taken(
    catalogue: Catalogue,
    queue: str,
    run_id: str,
    execution_id: str,
    static_json: bytes,
    call: bytes,
    attempt: int,
    revision: int,
    alone: bytes,
) -> Taken:
    static = _static(static_json)
    try:
        path, args, kwargs = call_of({"data": call})
        task = _task(catalogue, static, path)
        arguments = _by_name(task, args, kwargs) if task else kwargs
        if arguments:
            json.dumps(arguments)
    except UNREADABLE as error:
        log.error("Run %s cannot be read: %s", run_id, error)
        task, arguments = None, {}
    return Taken(
        queue=queue,
        run_id=run_id,
        execution_id=execution_id,
        attempt=attempt,
        revision=revision,
        static=static,
        static_json=static_json,
        task=task,
        arguments=arguments,
        alone=bool(alone),
    )


def _static(text: bytes) -> dict[str, Any]:
    """Return what never changes about a run. The script's reader takes more than Python's does,
    and raises nothing for what no clock shows. Raises one of UNREADABLE.
    """
    static: dict[str, Any] = json.loads(text.decode())
    for name in ("at", "fire_time"):
        if static.get(name) is not None:
            instant(static[name])
    return static


def _give_up(
    redis: Redis,
    worker: str,
    queue: str,
    run_id: bytes,
    execution_id: str,
    error: Exception,
    now: datetime,
) -> None:
    name = run_id.decode("utf-8", "backslashreplace")
    reason = f"its field rota_static cannot be read: {error}"[:500]
    note = json.dumps({"reason": reason, "at": now.isoformat(), "place": keys.queue(queue)})
    scripts.run(
        "reject",
        redis,
        [keys.job(run_id.decode()), keys.worker_executions(worker)],
        [queue, run_id, execution_id, f"{keys.queue(queue)} {name}"[:500], note],
    )
    log.error("Set aside run %s: %s", name, reason)


def _task(catalogue: Catalogue, static: Mapping[str, Any], path: str) -> Task[Any, Any] | None:
    """Return the catalogue's task of this path; the id finds it without a search."""
    task = catalogue.tasks.get(static["task_id"])
    return task if task is not None and task.path == path else catalogue.by_path(path)


def _by_name(task: Task[Any, Any], args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    if not args:
        return kwargs
    return dict(inspect.signature(task.function).bind(*args, **kwargs).arguments)


def _checked_foreign(
    redis: Redis, catalogue: Catalogue, queue: str, run_id: bytes, pairs: Any, now: datetime
) -> str | None:
    """Return the static JSON of a foreign job that may run; else set it aside."""
    try:
        fields = decoded_hash(pairs)
        path, args, kwargs = call_of(fields)
        task = catalogue.by_path(path)
        if task is None:
            raise ValueError(f"it calls {path[:100]}, which is no task of the catalogue")
        arguments = task.parameters.validate(_by_name(task, args, kwargs))
        run = _foreign_run(task, run_id.decode(), queue, arguments, now)
        return replace(run, depends_on=dependency_ids(fields)).static()
    except (*UNREADABLE, Invalid) as error:
        set_aside(redis, keys.queue(queue), run_id, str(error), now)
        return None


def _foreign_run(
    task: Task[Any, Any], name: str, queue: str, arguments: dict[str, Any], now: datetime
) -> NewRun:
    return NewRun(
        run_id=name,
        task_id=task.id,
        path=task.path,
        queue=queue,
        timeout_seconds=task.timeout_seconds,
        trigger="api",
        at=now,
        arguments=arguments,
        triggered_by="rq",
    )
