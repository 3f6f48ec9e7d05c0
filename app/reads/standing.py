"""How the whole stands: processes, queues, the last 24 hours, and what needs a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import func, select, text

from app import keys
from app.connection import asking_redis
from app.errors import Unavailable
from app.reads.decided import pause_view
from app.reads.problems import process_problems, queue_problems, run_problems
from app.reads.task_views import tasks as task_views
from app.records.database import reading
from app.records.pauses import EVERYTHING, all_pauses
from app.records.schema import runs
from app.system import System
from app.views import Overview, PauseView, Problem, QueueView, TaskView

SCHEDULER_SILENT = timedelta(seconds=15)
WORKER_SILENT = timedelta(seconds=30)
DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Live:
    """What Redis says of the processes and queues; empty where it is away, with the reason."""

    schedulers: Mapping[str, Mapping[str, Any]]
    workers: Mapping[str, Mapping[str, str]]
    queues: tuple[QueueView, ...]
    quarantined: int
    away: str | None = None


def overview(system: System, now: datetime, tasks: list[TaskView] | None = None) -> Overview:
    """Return how the whole stands; with Redis away it says so. Raises Unavailable for SQL."""
    views = task_views(system, now) if tasks is None else tasks
    live = _live(system, now)
    counts = _counts(system, now)
    problems = (
        *process_problems(live.away, live.schedulers, live.workers, live.quarantined, now),
        *queue_problems(live.queues),
        *run_problems(views, counts),
    )
    return Overview(
        status=_status(live, problems),
        scheduler=_scheduler(live, views),
        workers=_workers(live),
        queues=live.queues,
        tasks=_task_counts(views),
        runs_24h=counts,
        problems=problems,
        pause=_everything(system),
    )


def ready(system: System) -> dict[str, str]:
    """Say of Redis and the database whether they answer: `ok`, or why not."""
    answers = {"redis": "ok", "database": "ok"}
    try:
        system.redis.ping()
    except (RedisError, OSError) as error:
        answers["redis"] = str(error)
    try:
        with reading(system.database) as connection:
            connection.execute(text("SELECT 1"))
    except Unavailable as error:
        answers["database"] = str(error)
    return answers


def version(system: System) -> str:
    """Return a text that changes whenever anything on a screen may have changed.

    One round trip. Raises Unavailable when Redis is away.
    """
    with asking_redis():
        parts: Any = system.redis.mget(keys.INCARNATION, keys.CHANGES)
    return ".".join((part or b"0").decode() for part in parts)


def _live(system: System, now: datetime) -> Live:
    try:
        with asking_redis():
            return _ask(system, now)
    except Unavailable as error:
        return Live({}, {}, (), 0, str(error))


def _ask(system: System, now: datetime) -> Live:
    first = system.redis.pipeline(transaction=False)
    first.hgetall(keys.SCHEDULERS)
    first.smembers(keys.WORKERS)
    first.smembers(keys.QUEUES)
    first.hlen(keys.QUARANTINE)
    schedulers, worker_keys, queue_keys, quarantined = first.execute()
    names = sorted({_name(key) for key in queue_keys} | set(system.settings.queues))
    second = system.redis.pipeline(transaction=False)
    for key in worker_keys:
        second.hgetall(key)
    for name in names:
        second.llen(keys.queue(name))
        second.lindex(keys.queue(name), 0)
    answers = second.execute(raise_on_error=False)
    workers = _alive_workers(answers[: len(worker_keys)], now)
    pairs = list(
        zip(names, answers[len(worker_keys) :: 2], answers[len(worker_keys) + 1 :: 2], strict=True)
    )
    ages = _oldest_ages(system, {name: oldest for name, _, oldest in pairs}, now)
    queues = tuple(
        QueueView(
            name,
            depth if isinstance(depth, int) else 0,
            ages.get(name),
            sum(name in worker.get("queues", "").split(",") for worker in workers.values()),
        )
        for name, depth, _ in pairs
    )
    notes = {name.decode(): json.loads(note) for name, note in schedulers.items()}
    return Live(notes, workers, queues, quarantined)


def _oldest_ages(system: System, oldest: Mapping[str, Any], now: datetime) -> dict[str, float]:
    waiting = {name: run_id for name, run_id in oldest.items() if isinstance(run_id, bytes)}
    pipeline = system.redis.pipeline(transaction=False)
    for run_id in waiting.values():
        pipeline.hget(keys.job(run_id.decode("utf-8", "replace")), "enqueued_at")
    answers = pipeline.execute(raise_on_error=False) if waiting else []
    ages = {}
    for name, answer in zip(waiting, answers, strict=True):
        if isinstance(answer, bytes) and answer:
            since = datetime.fromisoformat(answer.decode())
            ages[name] = max((now - since).total_seconds(), 0.0)
    return ages


def _alive_workers(hashes: list[Any], now: datetime) -> dict[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for number, raw in enumerate(hashes):
        if not isinstance(raw, dict) or b"last_heartbeat" not in raw or b"death" in raw:
            continue
        worker = {
            k.decode("utf-8", "replace"): v.decode("utf-8", "replace") for k, v in raw.items()
        }
        seen = datetime.fromisoformat(worker["last_heartbeat"]).astimezone(UTC)
        if now - seen <= WORKER_SILENT:
            found[f"{worker.get('hostname')}:{worker.get('pid')}:{number}"] = worker
    return found


def _counts(system: System, now: datetime) -> dict[str, int]:
    statement = (
        select(runs.c.status, func.count())
        .where(runs.c.at > now - DAY, runs.c.at <= now + timedelta(seconds=60))
        .group_by(runs.c.status)
    )
    with reading(system.database) as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(statement)}
    return {"total": sum(found.values()), "succeeded": 0, "failed": 0, **found}


def _scheduler(live: Live, views: list[TaskView]) -> dict[str, Any]:
    leaders = [name for name, note in live.schedulers.items() if note.get("leads")]
    coming = [view.next_run_at for view in views if view.next_run_at is not None]
    return {
        "leader": leaders[0] if leaders else None,
        "processes": len(live.schedulers),
        "seen_at": live.schedulers[leaders[0]]["at"] if leaders else None,
        "next_fire_at": min(coming, default=None),
    }


def _workers(live: Live) -> dict[str, int]:
    busy = sum(worker.get("state") == "busy" for worker in live.workers.values())
    return {"total": len(live.workers), "busy": busy, "idle": len(live.workers) - busy}


def _task_counts(views: list[TaskView]) -> dict[str, int]:
    paused = sum(view.state == "paused" for view in views)
    return {"total": len(views), "active": len(views) - paused, "paused": paused}


def _everything(system: System) -> PauseView | None:
    with reading(system.database) as connection:
        row = all_pauses(connection).get(EVERYTHING)
    return None if row is None else pause_view(row)


def _status(live: Live, problems: tuple[Problem, ...]) -> str:
    if live.away or any(problem.severity == "down" for problem in problems):
        return "down"
    return "degraded" if problems else "ok"


def _name(key: bytes) -> str:
    return key.decode("utf-8", "replace").removeprefix("rq:queue:")
