"""Old runs go: RUN_RETENTION_DAYS after they ended, in small steps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select

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
