"""Old runs and acts on many of them go: RUN_RETENTION_DAYS after they ended, in small steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select

from app.records.bulk_schema import bulk_runs, bulks
from app.records.database import writing
from app.records.schema import attempts, run_dependencies, run_logs, run_texts, runs
from app.views import ENDED

# Small enough that nobody waits for the write lock.
STEP = 500


def prune(database: Engine, days: int, now: datetime) -> int:
    """Delete up to 500 ended runs that are older than `days`; return how many."""
    old = (
        select(runs.c.run_id)
        .where(runs.c.at < now - timedelta(days=days), runs.c.status.in_(sorted(ENDED)))
        .order_by(runs.c.at)
        .limit(STEP)
    )
    with writing(database) as connection:
        names = list(connection.execute(old).scalars())
        for table in (attempts, run_logs, run_dependencies, run_texts, runs):
            connection.execute(delete(table).where(table.c.run_id.in_(names)))
    return len(names)


def prune_bulk_acts(database: Engine, days: int, now: datetime) -> int:
    """Delete a bulk act that ended more than `days` ago, 500 of its runs at a time.

    Return how many rows went. The audit keeps who did it and when.
    """
    ended = bulks.c.ended_at < now - timedelta(days=days)
    old = select(bulks.c.bulk_id).where(ended).order_by(bulks.c.ended_at).limit(1)
    with writing(database) as connection:
        bulk_id = connection.execute(old).scalar_one_or_none()
        if bulk_id is None:
            return 0
        of_it = bulk_runs.c.bulk_id == bulk_id
        some = select(bulk_runs.c.place).where(of_it).order_by(bulk_runs.c.place).limit(STEP)
        places = list(connection.execute(some).scalars())
        connection.execute(delete(bulk_runs).where(of_it, bulk_runs.c.place.in_(places)))
        if len(places) == STEP:
            return STEP
        connection.execute(delete(bulks).where(bulks.c.bulk_id == bulk_id))
    return len(places) + 1
