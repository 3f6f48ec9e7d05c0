"""What left a queue when somebody emptied it, as long as that can be taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from app.records.database import reading
from app.records.schema import runs
from app.system import System

# How the script that empties a queue begins the reason.
EMPTIED = "queue emptied by "
FOR = timedelta(hours=1)
# Runs that were cancelled within the hour stood in the lists this long before, at most.
LOOKED_AT = timedelta(days=7)
MOST = 500


def emptied_lately(now: datetime) -> Select[Any]:
    """Return the read of how many runs of each queue could be put back."""
    newest = _cancelled(now).limit(MOST).subquery("emptied")
    return select(newest.c.queue, func.count().label("number")).group_by(newest.c.queue)


def emptied_runs(system: System, name: str, now: datetime) -> list[str]:
    """Return the ids of the runs that could be put back into a queue, oldest first."""
    found = _cancelled(now).where(runs.c.queue == name).limit(MOST)
    with reading(system.database) as connection:
        return [row.run_id for row in connection.execute(found)][::-1]


def _cancelled(now: datetime) -> Select[Any]:
    return (
        select(runs.c.run_id, runs.c.queue)
        .where(
            runs.c.status == "cancelled",
            runs.c.at > now - LOOKED_AT,
            runs.c.ended_at > now - FOR,
            runs.c.reason.startswith(EMPTIED),
        )
        .order_by(runs.c.at.desc(), runs.c.run_id.desc())
    )
