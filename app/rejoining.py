"""Live runs are put back into the queues and registries from which something was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import Redis
from sqlalchemy import select

from app import scripts
from app.records.database import reading
from app.records.schema import runs
from app.recovery import SILENT_SECONDS
from app.system import System

LIVE = ("scheduled", "queued", "running")
BATCH = 200


def rejoin_live_runs(system: System) -> int:
    """Put every live run of the history back where the scripts look for it; return how many runs
    that were. Raises Unavailable when the database is away.
    """
    columns = runs.c.run_id, runs.c.task_id, runs.c.at, runs.c.revision
    statement = select(*columns).where(runs.c.status.in_(LIVE))
    with reading(system.database) as connection:
        rows = list(connection.execute(statement.order_by(runs.c.at)))
    for first in range(0, len(rows), BATCH):
        rejoin(system.redis, rows[first : first + BATCH])
    return len(rows)


def rejoin(redis: Redis, rows: Sequence[Any], *, tell_ended: bool = False) -> list[str]:
    """Put these runs back; return what each job's status is, '' where Redis has no job.

    With `tell_ended` the history is told of those that have ended.
    """
    if not rows:
        return []
    args: list[Any] = [SILENT_SECONDS, int(tell_ended)]
    for row in rows:
        args += [row.run_id, row.task_id, row.at.timestamp(), row.revision]
    answers: Any = scripts.run("rejoin", redis, [], args)
    return [answer.decode("utf-8", "replace") for answer in answers]
