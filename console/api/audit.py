"""Who did what."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.reads.audit_trail import OUTCOMES, VIA, AuditFilter, AuditRow
from app.views import to_json
from console.api import parts
from console.api.operations import operation
from console.api.query import moment, query, whole
from console.context import current_system

TEXTS = ("actor", "verb", "task_id", "run_id", "via", "address", "outcome")
FILTERS = {
    "actor": parts.text("Who acted"),
    "verb": parts.text("What was done, such as `pause`"),
    "task_id": parts.text("Acts on this task, its schedules and its runs"),
    "run_id": parts.text("Acts on this run"),
    "via": parts.choice("By which way", *VIA),
    "address": parts.text("From which address"),
    "outcome": parts.choice("Accepted or refused", *OUTCOMES),
    "since": parts.moment("Not before then"),
    "until": parts.moment("Before then"),
}

blueprint = Blueprint("api_audit", __name__, url_prefix="/api/v1/audit")


@blueprint.get("")
@operation(
    {200: {"acts": list[AuditRow], "next_cursor": str | None}}, query={**FILTERS, **parts.PAGES}
)
def list_acts() -> ResponseReturnValue:
    """List who did what, newest first."""
    given = query()
    texts = {name: given.get(name) for name in TEXTS}
    wanted = AuditFilter(**texts, since=moment(given, "since"), until=moment(given, "until"))
    limit, cursor = whole(given, "limit", 50), given.get("cursor")
    found = reads.audit(current_system(), limit, cursor, wanted)
    return jsonify(acts=to_json(found.items), next_cursor=found.next_cursor)
