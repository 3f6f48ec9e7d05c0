"""Runs: list, one, and its log."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.views import to_json
from console.api.query import query, whole
from console.api.shapes import runs_document
from console.context import current_system

blueprint = Blueprint("api_runs", __name__, url_prefix="/api/v1/runs")


@blueprint.get("")
def list_runs() -> ResponseReturnValue:
    given = query("task_id", "status", "trigger", "limit", "cursor")
    found = reads.runs(
        current_system(),
        task_id=given.get("task_id"),
        status=given.get("status"),
        trigger=given.get("trigger"),
        limit=whole(given, "limit", 50),
        cursor=given.get("cursor"),
    )
    return jsonify(runs_document(found))


@blueprint.get("/<run_id>")
def show(run_id: str) -> ResponseReturnValue:
    query()
    return jsonify(to_json(reads.run(current_system(), run_id)))


@blueprint.get("/<run_id>/logs")
def log(run_id: str) -> ResponseReturnValue:
    """Log lines after a position; ask again with `after=next` until `complete`."""
    after = whole(query("after"), "after", 0)
    return jsonify(to_json(reads.run_log(current_system(), run_id, after=after)))
