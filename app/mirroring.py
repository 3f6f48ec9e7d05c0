"""What SQL decided about firing, read at one moment; its pauses, skips and retirements in Redis.

Everything carries the revision of the decisions as it was read, and the scripts refuse what is
older than what they find: a slow reader never takes back what somebody decided meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from sqlalchemy import Engine, Row

from app import keys, scripts
from app.records.acts import present_revision
from app.records.database import reading
from app.records.pauses import all_pauses, ended_pauses, skippers
from app.records.releases import known_schedules, retired_schedules

SKIPS_TTL = 400 * 24 * 3600


@dataclass(frozen=True)
class Decided:
    """What holds as of `revision`, of one task's schedules or of all; pauses are of all."""

    revision: int
    rows: Sequence[Row[Any]]
    paused: Mapping[str, Row[Any]]
    resumed: Mapping[str, Row[Any]]
    retired: Sequence[str]
    skipped: Sequence[Row[Any]]


def read_decided(database: Engine, now: datetime, task_id: str | None = None) -> Decided:
    """Read it. Raises Unavailable when the database is away."""
    with reading(database) as connection:
        return Decided(
            # First: what follows may be newer than this says, never older.
            revision=present_revision(connection),
            rows=known_schedules(connection, task_id),
            paused=all_pauses(connection),
            resumed=ended_pauses(connection),
            retired=retired_schedules(connection, task_id),
            skipped=skippers(connection, now),
        )


def mirror_pauses(redis: Redis, decided: Decided, *, force: bool) -> bool:
    """Write the pauses; return whether Redis has newer ones, which then stay."""
    args: list[Any] = [decided.revision, int(force)]
    for scope, row in decided.paused.items():
        note = {
            "by": row.by,
            "at": row.at.isoformat(),
            "reason": row.reason,
            "until": row.until.isoformat() if row.until else None,
        }
        args += [scope, json.dumps(note)]
    return bool(scripts.run("pauses", redis, [], args) == b"OLDER")


def mirror_skips(redis: Redis, decided: Decided) -> None:
    """Write which coming fire times are skipped; there are only ever more of them."""
    pipeline = redis.pipeline(transaction=False)
    for row in decided.skipped:
        args: list[Any] = [int(row.fire_time.timestamp()), row.by, SKIPS_TTL]
        scripts.run("skip", pipeline, [keys.skips(row.schedule_id)], args)
    pipeline.execute()


def remove_retired(redis: Redis, decided: Decided, *, force: bool) -> bool:
    """Remove retired schedules; return whether Redis has newer decisions on any, which stay."""
    pipeline = redis.pipeline(transaction=False)
    for name in decided.retired:
        where = [keys.schedule(name), keys.job(name)]
        scripts.run("undefine", pipeline, where, [name, decided.revision, int(force)])
    return b"OLDER" in pipeline.execute()
