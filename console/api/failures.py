"""Failures by cause."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.reads.shapes import Failures
from app.views import to_json
from console.api import parts
from console.api.body import read_body, text_of
from console.api.operations import operation
from console.api.query import query
from console.context import actor, current_system, now

DONE = {"status": str}

blueprint = Blueprint("api_failures", __name__, url_prefix="/api/v1")


@blueprint.get("/failures")
@operation({200: Failures}, query={"task_id": parts.text("Only of this task")})
def list_failures() -> ResponseReturnValue:
    """List what failed in the past 7 days, grouped by cause."""
    given = query()
    found = reads.failures(current_system(), now(), task_id=given.get("task_id"))
    return jsonify(to_json(found))


@blueprint.post("/failures/<task_id>/<fingerprint>/dismiss")
@operation({200: DONE, 202: DONE}, body={"reason": parts.REASON})
def dismiss(task_id: str, fingerprint: str) -> ResponseReturnValue:
    """Put a cause out of the way until it fails once more."""
    query()
    reason = text_of(read_body(), "reason", parts.LONGEST_REASON, "")
    applied = actions.dismiss(current_system(), actor(), task_id, fingerprint, reason, now=now())
    return _answer("dismissed", applied)


@blueprint.post("/failures/<task_id>/<fingerprint>/restore")
@operation({200: DONE, 202: DONE})
def restore(task_id: str, fingerprint: str) -> ResponseReturnValue:
    """Show a cause again that was put out of the way."""
    query()
    read_body()
    applied = actions.restore(current_system(), actor(), task_id, fingerprint, now=now())
    return _answer("shown", applied)


@blueprint.post("/failures/<task_id>/<fingerprint>/retry")
@operation({202: {"retried": int, "left": int}})
def retry(task_id: str, fingerprint: str) -> ResponseReturnValue:
    """Retry the newest 100 runs that failed of one cause."""
    query()
    read_body()
    done, left = actions.retry_failures(current_system(), actor(), task_id, fingerprint, now=now())
    return jsonify(retried=done, left=left), 202


@blueprint.post("/missed/dismiss")
@operation({200: DONE, 202: DONE})
def dismiss_missed() -> ResponseReturnValue:
    """Put the fire times that were missed so far out of the way; the history keeps them."""
    query()
    read_body()
    return _answer("dismissed", actions.dismiss_missed(current_system(), actor(), now=now()))


def _answer(done: str, applied: bool) -> ResponseReturnValue:
    return jsonify(status=done if applied else "pending"), 200 if applied else 202
