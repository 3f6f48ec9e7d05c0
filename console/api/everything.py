"""Pause and resume everything at once."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import actions
from console.api.body import read_body, text_of
from console.api.query import query
from console.api.task_acts import LONGEST_REASON, NO_REASON
from console.context import actor, current_system, now
from console.moments import offset_moment

blueprint = Blueprint("api_everything", __name__, url_prefix="/api/v1")


@blueprint.post("/pause")
def pause() -> ResponseReturnValue:
    query()
    body = read_body("reason", "until")
    until = body.get("until")
    applied = actions.pause_everything(
        current_system(),
        actor(),
        text_of(body, "reason", LONGEST_REASON, NO_REASON),
        until=offset_moment("until", until) if until is not None else None,
        now=now(),
    )
    return _answer(True, applied)


@blueprint.post("/resume")
def resume() -> ResponseReturnValue:
    query()
    read_body()
    return _answer(False, actions.resume_everything(current_system(), actor(), now=now()))


def _answer(paused: bool, applied: bool) -> ResponseReturnValue:
    body = jsonify(paused=paused, status="applied" if applied else "pending")
    return body, 200 if applied else 202
