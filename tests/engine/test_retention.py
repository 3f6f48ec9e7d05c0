"""Old history goes, what is young or live stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from app.records.bulk_schema import bulk_runs, bulks
from app.records.database import reading, writing
from app.records.retention import STEP, prune, prune_bulk_acts
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


def _act(system: System, bulk_id: str, days: int | None, total: int) -> None:
    ended = NOW - timedelta(days=days) if days is not None else None
    act = {"act": "retry", "filter": "", "by": "olga", "via": "api", "total": total}
    rows = [
        {"bulk_id": bulk_id, "place": place, "run_id": f"{bulk_id}-{place}"}
        for place in range(total)
    ]
    with writing(system.database) as connection:
        connection.execute(insert(bulks).values(bulk_id=bulk_id, at=NOW, ended_at=ended, **act))
        connection.execute(insert(bulk_runs), rows)


def test_bulk_acts_go_after_their_days_a_step_at_a_time(system: System) -> None:
    _act(system, "old", 91, STEP + 2)
    _act(system, "young", 89, 2)
    _act(system, "going-on", None, 2)
    assert prune_bulk_acts(system.database, 90, NOW) == STEP
    assert prune_bulk_acts(system.database, 90, NOW) == 3
    assert prune_bulk_acts(system.database, 90, NOW) == 0
    with reading(system.database) as connection:
        for column in (bulks.c.bulk_id, bulk_runs.c.bulk_id):
            kept = set(connection.execute(select(column)).scalars())
            assert kept == {"young", "going-on"}
