"""Failures by cause."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.reads.shapes import Failures
from app.views import to_json
from console.api import parts
from console.api.operations import operation
from console.api.query import query
from console.context import current_system, now

blueprint = Blueprint("api_failures", __name__, url_prefix="/api/v1/failures")


@blueprint.get("")
@operation({200: Failures}, query={"task_id": parts.text("Only of this task")})
def list_failures() -> ResponseReturnValue:
    """List what failed in the past 7 days, grouped by cause."""
    given = query()
    found = reads.failures(current_system(), now(), task_id=given.get("task_id"))
    return jsonify(to_json(found))
