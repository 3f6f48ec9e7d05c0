"""The REST API under /api/v1: thin routes over the same reads and actions as the pages."""

from __future__ import annotations

from console.api import (
    access,
    audit,
    backfills,
    bulk,
    docs,
    everything,
    failures,
    panels,
    queues,
    run_acts,
    runs,
    schedules,
    sessions,
    task_acts,
    tasks,
)

blueprints = (
    tasks.blueprint,
    task_acts.blueprint,
    schedules.blueprint,
    backfills.blueprint,
    everything.blueprint,
    bulk.blueprint,
    runs.blueprint,
    run_acts.blueprint,
    queues.blueprint,
    failures.blueprint,
    panels.blueprint,
    audit.blueprint,
    access.blueprint,
    sessions.blueprint,
    docs.blueprint,
)
