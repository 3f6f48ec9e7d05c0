"""Open sessions: one's own, and everybody's for admins."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.reads.access import SessionView
from app.views import to_json
from console.api.body import read_body
from console.api.operations import operation
from console.api.query import query
from console.context import actor, current_system, now
from console.identity import cookie_name, sees_all_sessions

blueprint = Blueprint("api_sessions", __name__, url_prefix="/api/v1/sessions")


@blueprint.get("")
@operation({200: {"sessions": list[SessionView], "total": int}})
def list_sessions() -> ResponseReturnValue:
    """List the open sessions: one's own, and everybody's for an admin."""
    query()
    whose = None if sees_all_sessions() else actor().name
    cookie = request.cookies.get(cookie_name(), "")
    found = reads.open_sessions_of(current_system(), now(), whose, cookie)
    return jsonify(sessions=to_json(found), total=len(found))


@blueprint.delete("/<session_id>")
@operation({200: {"session_id": str, "status": str}})
def revoke_session(session_id: str) -> ResponseReturnValue:
    """End a session: its browser has to sign in again."""
    query()
    read_body()
    actions.revoke_session(current_system(), actor(), session_id, now=now())
    return jsonify(session_id=session_id, status="ended")
