"""Notices that Redis lost or changed its content, and starts again from what SQL knows.

Redis holds an identity that SQL also knows. After a flush, a restore or a failover to an empty
server they differ; live runs are then marked as lost and start again under their own ids.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from redis import Redis
from sqlalchemy import Engine, select, update

from app import keys, scripts
from app.enqueueing import defer
from app.records.database import reading, writing
from app.records.history import insert
from app.records.schema import recorder, run_dependencies, runs
from app.rejoining import LIVE, rejoin
from app.run_jobs import NewRun, job_pairs, run_of_row
from app.system import System
from app.views import ENDED

log = logging.getLogger("rota.scheduler")

MET = ("succeeded", "skipped")
# A running execution's worker registers it again with its next beats.
RUNNING_GRACE = timedelta(seconds=30)
BATCH = 200
# RQ's words for a job that has not ended.
AT_WORK = ("queued", "started", "scheduled", "deferred")


def recognise(redis: Redis, database: Engine, now: datetime) -> bool:
    """Make SQL and Redis agree on the incarnation; return whether Redis was a new one.

    Raises Unavailable when the database is away. Safe to repeat after a crash at any point.
    """
    redis.set(keys.INCARNATION, uuid4().hex, nx=True)
    answer: Any = redis.get(keys.INCARNATION)
    current = answer.decode("utf-8", "replace")
    with reading(database) as connection:
        known = connection.execute(select(recorder.c.incarnation)).scalar_one_or_none()
    if known == current:
        return False
    with writing(database) as connection:
        values = {"incarnation": current, "position": "0-0", "at": now}
        statement = insert(connection, recorder).values(id=1, **values)
        connection.execute(
            statement.on_conflict_do_update(index_elements=[recorder.c.id], set_=values)
        )
        lost = connection.execute(
            update(runs)
            .where(runs.c.status.in_(LIVE))
            .values(lost_at=now, reason="lost with Redis; starts again")
        ).rowcount
    if known is not None:
        log.warning(
            "Redis has other content than before (incarnation %s): %d live runs start again",
            current,
            lost,
        )
    return True


def await_running(system: System) -> None:
    """Let runs that workers still execute count as live until they are registered again."""
    with reading(system.database) as connection:
        rows = connection.execute(
            select(runs.c.run_id, runs.c.task_id)
            .where(runs.c.status == "running", runs.c.lost_at.is_not(None))
            .limit(BATCH)
        ).all()
    pipeline = system.redis.pipeline(transaction=False)
    for row in rows:
        pipeline.set(keys.awaited(row.task_id), row.run_id, ex=int(RUNNING_GRACE.total_seconds()))
    pipeline.execute()


def restart_lost_runs(system: System, now: datetime) -> int:
    """Queue runs again that Redis lost, under their ids; return how many."""
    with reading(system.database) as connection:
        rows = connection.execute(
            select(runs)
            .where(
                runs.c.status.in_(LIVE),
                runs.c.lost_at.is_not(None),
                runs.c.task_id.in_(system.catalogue.tasks),
            )
            .order_by(runs.c.at)
            .limit(BATCH)
        ).all()
    waits = _dependencies(system, [row.run_id for row in rows])
    gone = _still_lost(system, rows, now)
    due = [row for row in gone if row.status != "running" or row.lost_at + RUNNING_GRACE <= now]
    restarted = 0
    for row in due:
        found = waits.get(row.run_id, [])
        run = run_of_row(
            row,
            system.catalogue.task(row.task_id),
            tuple(each.depends_on for each in found),
            any(each.allow_failure for each in found),
        )
        if found and row.status == "scheduled" and row.attempt == 0:
            restarted += _wait_again(system.redis, run, row, found)
        else:
            restarted += _restart(system.redis, run, row)
    return restarted


def _dependencies(system: System, run_ids: list[str]) -> dict[str, list[Any]]:
    """Return for which runs each of these waited, with the status each has."""
    if not run_ids:
        return {}
    pairs = run_dependencies
    statement = (
        select(pairs, runs.c.status)
        .select_from(pairs.outerjoin(runs, runs.c.run_id == pairs.c.depends_on))
        .where(pairs.c.run_id.in_(run_ids))
        .order_by(pairs.c.run_id, pairs.c.place)
    )
    found: dict[str, list[Any]] = {}
    with reading(system.database) as connection:
        for row in connection.execute(statement):
            found.setdefault(row.run_id, []).append(row)
    return found


def _wait_again(redis: Redis, run: NewRun, row: Any, found: list[Any]) -> bool:
    """Let a run wait for what has not ended yet; one nobody knows any more never will."""
    unmet = [each for each in found if each.status not in MET]
    bad = [each.depends_on for each in unmet if each.status is None or each.status in ENDED]
    broken = bad[0] if bad and not run.allow_failure else ""
    waits_for = [each.depends_on for each in unmet if broken or each.depends_on not in bad]
    args = (redis, run, row.revision + 1, row.attempt, waits_for)
    return bool(defer(*args, missing="expect", broken=broken) != b"DUPLICATE")


def _still_lost(system: System, rows: Sequence[Any], now: datetime) -> list[Any]:
    """Return the runs that Redis has no job of; those it has are lost no longer.

    One that ended there is told to the history, unless its own event comes within the grace.
    """
    late = bool(rows) and all(row.lost_at + RUNNING_GRACE <= now for row in rows)
    statuses = rejoin(system.redis, rows, tell_ended=late)
    found = [row.run_id for row, status in zip(rows, statuses, strict=True) if status in AT_WORK]
    if found:
        with writing(system.database) as connection:
            connection.execute(
                update(runs)
                .where(runs.c.run_id.in_(found), runs.c.lost_at.is_not(None))
                .values(lost_at=None, reason=None)
            )
    return [row for row, status in zip(rows, statuses, strict=True) if not status]


def _restart(redis: Redis, run: NewRun, row: Any) -> bool:
    waits = row.status == "scheduled" and row.started_at is None
    revision = row.revision + 1
    answer = scripts.run(
        "enqueue",
        redis,
        [keys.job(run.run_id), keys.live(run.task_id)],
        [
            run.run_id,
            run.queue,
            run.at.timestamp() if waits else "",
            revision,
            row.attempt,
            run.static(),
            *job_pairs(run, revision, row.attempt),
        ],
    )
    return bool(answer != b"DUPLICATE")
