"""Runs: all of them, newest first; filters and place in the list are the URL."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import reads
from console.context import current_system
from console.live import live
from console.pages.frame import render

STATUSES = (
    "scheduled", "queued", "running", "succeeded", "failed", "cancelled", "stopped", "skipped",
    "missed", "lost", "expired", "quarantined",
)  # fmt: skip
TRIGGERS = ("schedule", "manual", "api", "cli", "backfill", "dependency")
PAGE = 50

blueprint = Blueprint("runs", __name__)


@blueprint.get("/runs")
@live
def page() -> ResponseReturnValue:
    chosen = {name: request.args.get(name, "").strip() for name in ("task_id", "status", "trigger")}
    cursor = request.args.get("cursor") or None
    found = reads.runs(
        current_system(),
        task_id=chosen["task_id"] or None,
        status=chosen["status"] or None,
        trigger=chosen["trigger"] or None,
        limit=PAGE,
        cursor=cursor,
    )
    return render(
        "runs.html",
        runs=found,
        chosen=chosen,
        active={name: value for name, value in chosen.items() if value},
        later=cursor is not None,
        statuses=STATUSES,
        triggers=TRIGGERS,
    )
