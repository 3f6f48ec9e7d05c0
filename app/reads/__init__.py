"""One function a screen. Lists read SQL; a single run and what is live lay Redis over it."""

from __future__ import annotations

from app.reads.audit_trail import audit
from app.reads.contributed import panel, panels
from app.reads.frame import frame
from app.reads.one_run import run, run_page
from app.reads.run_logs import run_log
from app.reads.run_list import runs
from app.reads.standing import overview, ready, tasks_with_overview, version
from app.reads.task_page import task_page
from app.reads.task_views import task, tasks
from app.reads.time_line import today
from app.reads.upcoming import fire_times

__all__ = [
    "audit",
    "fire_times",
    "frame",
    "overview",
    "panel",
    "panels",
    "ready",
    "run",
    "run_log",
    "run_page",
    "runs",
    "task",
    "task_page",
    "tasks",
    "tasks_with_overview",
    "today",
    "version",
]
