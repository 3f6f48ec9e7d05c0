"""The REST API under /api/v1: thin routes over the same reads and actions as the pages."""

from __future__ import annotations

from console.api import audit, everything, panels, runs, task_acts, tasks

blueprints = (
    tasks.blueprint,
    task_acts.blueprint,
    everything.blueprint,
    runs.blueprint,
    panels.blueprint,
    audit.blueprint,
)
