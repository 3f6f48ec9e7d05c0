"""Backfills: run a range of past fire times, looked at first."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.reads.shapes import BackfillView
from app.views import to_json
from console.api import parts
from console.api.body import flag_of, needed_moment, number_of, read_body
from console.api.operations import operation
from console.api.query import query
from console.api.shapes import backfill_document
from console.context import actor, current_system, now

PLANNED = {"backfill_id": str | None, "task_id": str, "runs": int, "planned": list[actions.Planned]}
CANCELLED = {"backfill_id": str, "cancelled": int}

blueprint = Blueprint("api_backfills", __name__, url_prefix="/api/v1")


@blueprint.post("/tasks/<task_id>/backfill")
@operation(
    {200: PLANNED, 202: PLANNED},
    body={
        "from": parts.moment("Fire times after this", parts.NEEDED),
        "to": parts.moment("Fire times up to this", parts.NEEDED),
        "dry_run": parts.flag("Only say what would run (200 instead of 202)"),
        "force": parts.flag("Run once more what has run already"),
        "concurrency": parts.number("How many at a time", 1, 50),
    },
)
def backfill(task_id: str) -> ResponseReturnValue:
    """Run the fire times of a past range, oldest first."""
    query()
    body = read_body()
    concurrency = number_of(body, "concurrency")
    made = actions.backfill(
        current_system(),
        actor(),
        task_id,
        needed_moment(body, "from"),
        needed_moment(body, "to"),
        dry_run=flag_of(body, "dry_run"),
        force=flag_of(body, "force"),
        concurrency=1 if concurrency is None else concurrency,
        now=now(),
    )
    return jsonify(to_json(made)), 200 if made.backfill_id is None else 202


@blueprint.get("/tasks/<task_id>/backfills")
@operation({200: {"backfills": list[BackfillView]}})
def list_backfills(task_id: str) -> ResponseReturnValue:
    """List a task's newest backfills with how far they are."""
    query()
    _, detail = reads.task_page(current_system(), task_id, now())
    return jsonify(backfills=[backfill_document(one) for one in detail.backfills])


@blueprint.post("/backfills/<backfill_id>/cancel")
@blueprint.delete("/backfills/<backfill_id>")
@operation({200: CANCELLED})
def cancel(backfill_id: str) -> ResponseReturnValue:
    """Cancel what of a backfill still waits its turn."""
    query()
    read_body()
    cancelled = actions.cancel_backfill(current_system(), actor(), backfill_id, now=now())
    return jsonify(backfill_id=backfill_id, cancelled=cancelled)
