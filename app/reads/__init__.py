"""One function a screen. Lists read SQL; a single run and what is live lay Redis over it."""

from __future__ import annotations

from app.reads.access import open_sessions_of, tokens_of, users, users_and_tokens
from app.reads.audit_trail import audit, exported_audit
from app.reads.badge import badge
from app.reads.bulk import bulk, bulks
from app.reads.contributed import panel, panels
from app.reads.failures import failed_runs, failures
from app.reads.frame import frame
from app.reads.health import health
from app.reads.live import demand_redis
from app.reads.one_run import run, run_page, run_with_kin
from app.reads.overview import overview
from app.reads.preview import preview
from app.reads.queue_history import queue_history
from app.reads.queue_views import queues
from app.reads.run_list import exported_runs, runs
from app.reads.run_logs import run_log
from app.reads.standing import ready, version
from app.reads.task_list import task_list
from app.reads.task_page import task_page
from app.reads.task_views import task, tasks
from app.reads.time_line import today
from app.reads.upcoming import fire_times
from app.reads.week import week, week_of_tasks
from app.reads.worker_views import workers

__all__ = [
    "audit",
    "badge",
    "bulk",
    "bulks",
    "demand_redis",
    "exported_audit",
    "exported_runs",
    "failed_runs",
    "failures",
    "fire_times",
    "frame",
    "health",
    "open_sessions_of",
    "overview",
    "panel",
    "panels",
    "preview",
    "queue_history",
    "queues",
    "ready",
    "run",
    "run_log",
    "run_page",
    "run_with_kin",
    "runs",
    "task",
    "task_list",
    "task_page",
    "tasks",
    "today",
    "tokens_of",
    "users",
    "users_and_tokens",
    "version",
    "week",
    "week_of_tasks",
    "workers",
]
