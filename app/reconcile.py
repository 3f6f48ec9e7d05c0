"""Make the schedules in Redis what SQL decided: at start, after a release, after an act."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy import Row

from app import keys, scripts
from app.definitions import Definition, canonical, parsed
from app.records.database import reading
from app.records.pauses import EVERYTHING, all_pauses, resumptions, skippers
from app.records.releases import known_schedules
from app.records.schema import schedules as schedule_table
from app.run_jobs import template_pairs
from app.system import System

log = logging.getLogger("rota.scheduler")

ATTEMPTS = 5
SKIPS_TTL = 400 * 24 * 3600


@dataclass(frozen=True)
class Held:
    """What Redis holds of a schedule: nothing of it is known where `revision` is None."""

    revision: int | None
    nominal: int | None
    last: int | None
    fired: int | None = None
    fired_since: int | None = None

    def count(self, row: Row[Any]) -> int:
        """Return how many of its counted runs a schedule has started, as SQL or Redis knows."""
        mine = self.fired if self.fired_since == row.fired_since else None
        return max(mine or 0, int(row.fired))


def reconcile(system: System, now: datetime, task_id: str | None = None) -> int:
    """Mirror pauses and schedules of one task, or of all, into Redis; return how many changed.

    Unchanged schedules keep their due, unfired times. Raises Unavailable when the database is
    away.
    """
    with reading(system.database) as connection:
        paused = all_pauses(connection)
        rows = known_schedules(connection, task_id)
        resumed = resumptions(connection)
        retired = _retired(connection, task_id)
        skipped = skippers(connection, now)
    changed = 0
    for _ in range(ATTEMPTS):
        held = _held(system.redis, [row.schedule_id for row in rows])
        answers = _define(system.redis, rows, held, set(paused), resumed, now)
        changed += sum(answer == b"CHANGED" for answer in answers.values())
        rows = [row for row in rows if answers[row.schedule_id] == b"STALE"]
        if not rows:
            break
    _remove(system.redis, retired)
    _mirror_skips(system.redis, skipped)
    # Last, so that what was resumed has its new fire time before anything may fire again.
    _mirror_pauses(system.redis, paused)
    system.redis.incr(keys.CHANGES)
    return changed


def plan(
    definition: Definition,
    revision: int,
    held: Held,
    last: int | None,
    resumed_at: datetime | None,
    now: datetime,
) -> datetime | None:
    """Return the next fire time to hold for an active schedule. Pure.

    A new or edited schedule starts after `now`; one that Redis lost goes on after the last fire
    time SQL knows, and the misfire policy judges what that means; none goes back behind the end
    of a pause.
    """
    schedule = definition.schedule
    nominal = _nominal(definition, revision, held, last, now)
    if nominal is None or resumed_at is None or nominal > resumed_at:
        return nominal
    return schedule.next(resumed_at)


def _nominal(
    definition: Definition, revision: int, held: Held, last: int | None, now: datetime
) -> datetime | None:
    schedule = definition.schedule
    behind = last is not None and (held.last is None or held.last < last)
    if held.revision is None or (behind and held.nominal is not None):
        return schedule.next(now if last is None else datetime.fromtimestamp(last, UTC))
    if held.nominal is None:
        return schedule.next(now)
    nominal = datetime.fromtimestamp(held.nominal, UTC)
    if held.revision == revision:
        return nominal
    survives = nominal <= now and schedule.next(nominal - timedelta(seconds=1)) == nominal
    return nominal if survives else schedule.next(now)


def _mirror_pauses(redis: Redis, paused: Mapping[str, Row[Any]]) -> None:
    pipeline = redis.pipeline(transaction=True)
    pipeline.delete(keys.PAUSES)
    for scope, row in paused.items():
        note = {
            "by": row.by,
            "at": row.at.isoformat(),
            "reason": row.reason,
            "until": row.until.isoformat() if row.until else None,
        }
        pipeline.hset(keys.PAUSES, scope, json.dumps(note))
    pipeline.lpush(keys.WAKE, "1")
    pipeline.ltrim(keys.WAKE, 0, 0)
    pipeline.execute()


def _mirror_skips(redis: Redis, skipped: Sequence[Row[Any]]) -> None:
    pipeline = redis.pipeline(transaction=False)
    for row in skipped:
        pipeline.hset(keys.skips(row.schedule_id), str(int(row.fire_time.timestamp())), row.by)
        pipeline.expire(keys.skips(row.schedule_id), SKIPS_TTL)
    pipeline.execute()


def _held(redis: Redis, schedule_ids: Sequence[str]) -> list[Held]:
    pipeline = redis.pipeline(transaction=False)
    for schedule_id in schedule_ids:
        pipeline.hmget(keys.schedule(schedule_id), [field.name for field in fields(Held)])
    answers = pipeline.execute(raise_on_error=False) if schedule_ids else []
    return [_held_of(redis, name, row) for name, row in zip(schedule_ids, answers, strict=True)]


def _held_of(redis: Redis, schedule_id: str, answer: Any) -> Held:
    try:
        return Held(*(None if value is None else int(value) for value in answer))
    except (TypeError, ValueError):
        # Not a hash of ours, or garbage in it: SQL has the truth, so it is written anew.
        log.error("Rebuilding schedule %s, which held %.100r", schedule_id, answer)
        redis.delete(keys.schedule(schedule_id))
        return Held(None, None, None)


def _define(
    redis: Redis,
    rows: Sequence[Row[Any]],
    held: Sequence[Held],
    paused: set[str],
    resumed: Mapping[str, datetime],
    now: datetime,
) -> dict[str, bytes]:
    pipeline = redis.pipeline(transaction=False)
    for row, state in zip(rows, held, strict=True):
        last = None if row.last_fire_time is None else int(row.last_fire_time.timestamp())
        definition = parsed(canonical(row.definition))
        fired, most = state.count(row), definition.schedule.max_runs
        ends = [resumed[scope] for scope in (row.task_id, EVERYTHING) if scope in resumed]
        nominal = None
        if row.task_id not in paused and (most is None or fired < most):
            nominal = plan(definition, row.revision, state, last, max(ends, default=None), now)
        due = None if nominal is None else definition.schedule.jittered(row.schedule_id, nominal)
        scripts.run(
            "define",
            pipeline,
            [keys.schedule(row.schedule_id), keys.job(row.schedule_id)],
            [
                row.schedule_id,
                canonical(row.definition),
                row.revision,
                "" if state.nominal is None else state.nominal,
                "" if last is None else last,
                "paused" if row.task_id in paused else "active",
                "" if nominal is None else int(nominal.timestamp()),
                "" if due is None else int(due.timestamp()),
                fired,
                row.fired_since,
                *template_pairs(row.schedule_id, row.definition, redis),
            ],
        )
    answers = pipeline.execute() if rows else []
    return {row.schedule_id: answer for row, answer in zip(rows, answers, strict=True)}


def _retired(connection: Any, task_id: str | None) -> list[str]:
    statement = schedule_table.select().where(schedule_table.c.retired_at.is_not(None))
    if task_id is not None:
        statement = statement.where(schedule_table.c.task_id == task_id)
    return [row.schedule_id for row in connection.execute(statement)]


def _remove(redis: Redis, schedule_ids: Sequence[str]) -> None:
    pipeline = redis.pipeline(transaction=True)
    for schedule_id in schedule_ids:
        pipeline.zrem(keys.SCHEDULE, schedule_id)
        pipeline.delete(keys.schedule(schedule_id), keys.job(schedule_id))
    pipeline.execute()
