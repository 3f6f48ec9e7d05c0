"""Workers, and what each runs now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.reads.frame import frame_and_more
from app.reads.live import ask_redis
from app.reads.shapes import FrameView, WorkersView
from app.records.schema import runs
from app.system import System


def workers(system: System, now: datetime) -> tuple[WorkersView, FrameView]:
    """Return every worker that gave a sign of life lately: one query, one round trip."""
    live = ask_redis(system, now)
    current = [run_id for worker in live.workers for run_id in worker.current_run_ids]
    current += [worker.current_run_id for worker in live.workers if worker.current_run_id]
    known = select(runs.c.run_id, runs.c.task_id).where(runs.c.run_id.in_(current))
    around, _, (rows,) = frame_and_more(system, now, live, known)
    tasks_by_run = {row.run_id: row.task_id for row in rows}
    return WorkersView(live.workers, live.suspended, tasks_by_run, live.away), around
