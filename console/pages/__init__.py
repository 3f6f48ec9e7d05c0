"""The screens: one module each, with the acts that start there."""

from __future__ import annotations

from console import theme, zones
from console.pages import (
    audit,
    backfill,
    everything,
    failures,
    health,
    palette,
    panels,
    queue,
    queues,
    run,
    run_acts,
    runs,
    schedule,
    task,
    task_acts,
    tasks,
    today,
    week,
    workers,
    zone,
)

blueprints = (
    today.blueprint,
    week.blueprint,
    tasks.blueprint,
    task.blueprint,
    task_acts.blueprint,
    schedule.blueprint,
    backfill.blueprint,
    palette.blueprint,
    everything.blueprint,
    runs.blueprint,
    run.blueprint,
    run_acts.blueprint,
    failures.blueprint,
    queues.blueprint,
    queue.blueprint,
    workers.blueprint,
    health.blueprint,
    panels.blueprint,
    audit.blueprint,
    theme.blueprint,
    zone.blueprint,
    zones.blueprint,
)
