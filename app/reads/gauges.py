"""What a scraper wants of every task, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from redis.exceptions import RedisError

from app import keys, scripts
from app.reads.live import ask_redis
from app.reads.newest import last_runs_of
from app.reads.overview import overview_from, reads_of_overview
from app.reads.together import read_together
from app.records.database import reading
from app.records.roll_ups import SUCCEEDED
from app.records.schema import runs
from app.system import System
from app.views import Overview

SUCCESS = runs.c.task_id, runs.c.ended_at


@dataclass(frozen=True)
class TaskGauges:
    """By task id: when it fires next, when its newest good run ended; which are paused."""

    next_fires: dict[str, datetime]
    last_successes: dict[str, datetime]
    paused: frozenset[str]


def gauges(system: System, now: datetime) -> tuple[Overview, TaskGauges]:
    """Return how the whole stands, and every task: one query, two Redis round trips."""
    basis = reads_of_overview(system.database.dialect.name, now)
    with reading(system.database) as connection:
        *found, good = read_together(connection, *basis, last_runs_of(SUCCESS, SUCCEEDED))
    whole = overview_from(system, ask_redis(system, now), found, now)
    tasks = TaskGauges(
        next_fires={} if whole.pause else _next_fires(system),
        last_successes={row.task_id: row.ended_at for row in good if row.ended_at},
        paused=frozenset(row.scope for row in found[1]),
    )
    return whole, tasks


def _next_fires(system: System) -> dict[str, datetime]:
    try:
        coming: list[bytes] = scripts.run("coming", system.redis, [keys.SCHEDULE], [])
    except (RedisError, OSError):
        return {}
    found: dict[str, datetime] = {}
    declared = system.catalogue.task_ids
    for member, due in zip(coming[::2], coming[1::2], strict=True):
        name = member.decode("utf-8", "replace")
        task_id = declared.get(name) or _task_of(system, name)
        if task_id is not None and task_id not in found:
            found[task_id] = datetime.fromtimestamp(float(due), UTC)
    return found


def _task_of(system: System, schedule_id: str) -> str | None:
    """Return the task of a schedule that was made in the console: its id begins with the task's."""
    name = schedule_id
    while name and name not in system.catalogue.tasks:
        name = name.rpartition("-")[0]
    return name or None
