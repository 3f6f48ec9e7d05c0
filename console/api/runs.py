"""Runs: list, one, and its log."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.views import LogPage, RunView, to_json
from console.api import parts
from console.api.operations import operation
from console.api.query import query, whole
from console.api.shapes import runs_document
from console.api.tasks import RUNS
from console.context import current_system, now

blueprint = Blueprint("api_runs", __name__, url_prefix="/api/v1/runs")


@blueprint.get("")
@operation(
    {200: RUNS},
    query={
        "q": parts.text("A search, in the grammar that the page of runs explains"),
        "task_id": parts.text("Only of this task"),
        "status": parts.STATUS,
        "trigger": parts.TRIGGER,
        **parts.PAGES,
    },
)
def list_runs() -> ResponseReturnValue:
    """List runs, newest first."""
    given = query()
    found = reads.runs(
        current_system(),
        task_id=given.get("task_id"),
        status=given.get("status"),
        trigger=given.get("trigger"),
        q=given.get("q"),
        now=now(),
        limit=whole(given, "limit", 50),
        cursor=given.get("cursor"),
    )
    return jsonify(runs_document(found))


@blueprint.get("/<run_id>")
@operation({200: RunView})
def show(run_id: str) -> ResponseReturnValue:
    """Show one run and its kin, with what Redis knows more recently.

    `children` are runs that it started or that wait for it, `dependencies` those it waited for.
    """
    query()
    return jsonify(to_json(reads.run_with_kin(current_system(), run_id)))


@blueprint.get("/<run_id>/logs")
@operation({200: LogPage}, query={"after": parts.number("Position", 0, 10**9)})
def log(run_id: str) -> ResponseReturnValue:
    """List log lines after a position; ask again with `after=next` until `complete`."""
    after = whole(query(), "after", 0)
    return jsonify(to_json(reads.run_log(current_system(), run_id, after=after)))
