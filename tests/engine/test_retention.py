"""Old history goes, what is young or live stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from app.records.database import reading, writing
from app.records.retention import prune
from app.records.schema import attempts, run_logs, runs
from app.system import System

NOW = datetime(2027, 1, 31, tzinfo=UTC)


def _add(system: System, run_id: str, days: int, status: str) -> None:
    at = NOW - timedelta(days=days)
    with writing(system.database) as connection:
        connection.execute(
            insert(runs).values(run_id=run_id, task_id="greet", trigger="api", status=status, at=at)
        )
        connection.execute(insert(attempts).values(run_id=run_id, attempt=1))
        connection.execute(insert(run_logs).values(run_id=run_id, lines=[], dropped=0))


def test_ended_runs_go_after_their_days_with_all_that_belongs_to_them(system: System) -> None:
    _add(system, "old", 91, "succeeded")
    _add(system, "young", 89, "succeeded")
    _add(system, "waiting", 200, "scheduled")
    assert prune(system.database, 90, NOW) == 1
    with reading(system.database) as connection:
        for table in (runs, attempts, run_logs):
            kept = set(connection.execute(select(table.c.run_id)).scalars())
            assert kept == {"young", "waiting"}
    assert prune(system.database, 90, NOW) == 0
