"""Runs that the limits of their task hold back, over all workers, and what lets them go."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from redis import Redis
from sqlalchemy import select

from app import keys, scripts
from app.catalogue import Catalogue
from app.records.database import reading
from app.records.schema import attempts, runs
from app.system import System
from app.tasks import Task


def limits_json(catalogue: Catalogue) -> str:
    """Return the limits of all tasks as the scripts take them, empty where none has any."""
    return _written(tuple((task.id, *task.limit.triple()) for task in catalogue.limited))


def limit_json(task: Task[Any, Any] | None) -> str:
    """Return the limit of one task as the scripts take it, empty where it has none."""
    return json.dumps(task.limit.triple()) if task is not None and task.limit.to_json() else ""


@lru_cache(maxsize=16)
def _written(limited: tuple[tuple[Any, ...], ...]) -> str:
    return json.dumps({name: triple for name, *triple in limited}) if limited else ""


def let_go(redis: Redis, limits: str, *, everywhere: bool = False) -> int:
    """Put runs back whose time has come; `everywhere` also where no time is known.

    Return how many tasks were looked at.
    """
    return int(scripts.run("let_go", redis, [], [limits or "{}", int(everywhere)]))


def remember_starts(system: System, now: datetime) -> None:
    """After Redis lost everything: note again what started within each task's span."""
    for task in system.catalogue.limited:
        span, most = task.limit.within_seconds, task.limit.starts
        if span is None:
            continue
        statement = (
            select(attempts.c.run_id, attempts.c.attempt, attempts.c.started_at)
            .select_from(attempts.join(runs, runs.c.run_id == attempts.c.run_id))
            .where(
                runs.c.task_id == task.id,
                # The index is on `at`; what waited longer than a day for its start is left out.
                runs.c.at > now - timedelta(seconds=span, days=1),
                attempts.c.started_at > now - timedelta(seconds=span),
            )
            .order_by(attempts.c.started_at.desc())
            .limit(most)
        )
        with reading(system.database) as connection:
            rows = connection.execute(statement).all()
        pipeline = system.redis.pipeline(transaction=False)
        for row in rows:
            name = f"{row.run_id}|{row.attempt}"
            pipeline.zadd(keys.starts(task.id), {name: row.started_at.timestamp()})
        pipeline.expire(keys.starts(task.id), span + 1)
        pipeline.execute()
