"""Workers, and what each runs now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from redis.exceptions import RedisError
from sqlalchemy import select

from app import keys
from app.reads.frame import frame_and_more
from app.reads.live import ask_redis
from app.reads.run_rows import telemetry
from app.reads.shapes import FrameView, RunUsage, WorkersView
from app.records.schema import runs
from app.system import System

# So many are worth looking at.
MOST_ASKED = 200


def workers(system: System, now: datetime) -> tuple[WorkersView, FrameView]:
    """Return every worker that gave a sign of life lately: one query, two round trips."""
    live = ask_redis(system, now)
    current = [run_id for worker in live.workers for run_id in worker.current_run_ids]
    current += [worker.current_run_id for worker in live.workers if worker.current_run_id]
    known = select(runs.c.run_id, runs.c.task_id).where(runs.c.run_id.in_(current))
    around, _, (rows,) = frame_and_more(system, now, live, known)
    tasks_by_run = {row.run_id: row.task_id for row in rows}
    used = _usage(system, current[:MOST_ASKED])
    return WorkersView(live.workers, live.suspended, tasks_by_run, live.away, used), around


def _usage(system: System, run_ids: Sequence[str]) -> dict[str, RunUsage]:
    """Return what running runs use, as far as their workers have told."""
    if not run_ids:
        return {}
    pipeline = system.redis.pipeline(transaction=False)
    for run_id in run_ids:
        pipeline.hget(keys.job(run_id), "rota_usage")
    try:
        found = pipeline.execute(raise_on_error=False)
    except (RedisError, OSError):
        return {}
    told = {
        run_id: telemetry({"rota_usage": value})
        for run_id, value in zip(run_ids, found, strict=True)
        if isinstance(value, bytes)
    }
    return {
        run_id: RunUsage(used.get("cpu_seconds"), used.get("rss_bytes"))
        for run_id, used in told.items()
    }
