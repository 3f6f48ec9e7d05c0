"""Who did what."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.reads.audit_trail import AuditRow
from app.views import to_json
from console.api import parts
from console.api.operations import operation
from console.api.query import query, whole
from console.context import current_system

blueprint = Blueprint("api_audit", __name__, url_prefix="/api/v1/audit")


@blueprint.get("")
@operation({200: {"acts": list[AuditRow], "next_cursor": str | None}}, query=parts.PAGES)
def list_acts() -> ResponseReturnValue:
    """List who did what, newest first."""
    given = query()
    found = reads.audit(current_system(), whole(given, "limit", 50), given.get("cursor"))
    return jsonify(acts=to_json(found.items), next_cursor=found.next_cursor)
