"""How the whole stands: processes, queues, the last 24 hours, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.reads.counted import counts_lately
from app.reads.frame import problems_from, reads_of_frame
from app.reads.limited import finished_tasks, limited_schedules
from app.reads.live import Live, ask_redis
from app.reads.problems import Status, status_of
from app.reads.standing import paused_scopes
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.system import System
from app.views import Overview


def overview(system: System, now: datetime) -> Overview:
    """Return how the whole stands; with Redis away it says so. Raises Unavailable for SQL."""
    with reading(system.database) as connection:
        found = read_together(connection, *reads_of_overview(system.database.dialect.name, now))
    return overview_from(system, ask_redis(system, now), found, now)


def reads_of_overview(dialect: str, now: datetime) -> tuple[Select[Any], ...]:
    """Return the reads that `overview_from` takes the rows of."""
    return (
        counts_lately(now), paused_scopes(), limited_schedules(dialect), *reads_of_frame(now),
    )  # fmt: skip


def overview_from(
    system: System, live: Live, found: Sequence[list[Fields]], now: datetime
) -> Overview:
    """Lay together what Redis says and what `reads_of_overview` read."""
    counted, paused, limited, *basis = found
    whole, problems = problems_from(system, live, basis, now)
    return Overview(
        status=status_of(live, problems),
        scheduler=_scheduler(live, whole),
        workers=_workers(live),
        queues=whole.queues,
        tasks=_task_counts(system, {row.scope for row in paused}, finished_tasks(limited, now)),
        runs_24h=_counts(counted),
        problems=problems,
        pause=whole.everything,
    )


def _counts(rows: Sequence[Fields]) -> dict[str, int]:
    found = {row.status: int(row.number) for row in rows}
    return {"total": sum(found.values()), "succeeded": 0, "failed": 0, **found}


def _scheduler(live: Live, whole: Status) -> dict[str, Any]:
    leader = next((one for one in live.schedulers if one.leads), None)
    return {
        "leader": leader.name if leader else None,
        "processes": len(live.schedulers),
        "seen_at": leader.seen_at if leader else None,
        "next_fire_at": None if whole.everything else live.next_fire,
    }


def _workers(live: Live) -> dict[str, int]:
    busy = sum(worker.state == "busy" for worker in live.workers)
    return {"total": len(live.workers), "busy": busy, "idle": len(live.workers) - busy}


def _task_counts(system: System, scopes: set[str], over: set[str]) -> dict[str, int]:
    known = system.catalogue.tasks.keys()
    total, paused, finished = len(known), len(scopes & known), len(over & known - scopes)
    return {
        "total": total, "active": total - paused - finished, "paused": paused,
        "finished": finished,
    }  # fmt: skip
