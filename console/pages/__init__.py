"""The screens: one module each, with the acts that start there."""

from __future__ import annotations

from console import theme
from console.pages import audit, everything, panels, run, runs, task, task_acts, tasks, today

blueprints = (
    today.blueprint,
    tasks.blueprint,
    task.blueprint,
    task_acts.blueprint,
    everything.blueprint,
    runs.blueprint,
    run.blueprint,
    panels.blueprint,
    audit.blueprint,
    theme.blueprint,
)
