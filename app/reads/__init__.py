"""One function a screen. Lists read SQL; a single run and what is live lay Redis over it."""

from __future__ import annotations

from app.reads.audit import audit
from app.reads.fire_times import fire_times
from app.reads.overview import overview, ready, version
from app.reads.panels import panel, panels
from app.reads.run_list import runs
from app.reads.runs import run, run_log
from app.reads.tasks import task, tasks
from app.reads.today import today

__all__ = [
    "audit",
    "fire_times",
    "overview",
    "panel",
    "panels",
    "ready",
    "run",
    "run_log",
    "runs",
    "task",
    "tasks",
    "today",
    "version",
]
