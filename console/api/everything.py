"""Pause and resume everything at once."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import actions
from console.api import parts
from console.api.body import moment_of, read_body, text_of
from console.api.operations import operation
from console.api.query import query
from console.api.task_acts import NO_REASON
from console.context import actor, current_system, now

DONE = {"paused": bool, "status": str}

blueprint = Blueprint("api_everything", __name__, url_prefix="/api/v1")


@blueprint.post("/pause")
@operation({200: DONE, 202: DONE}, body={"reason": parts.REASON, "until": parts.UNTIL})
def pause() -> ResponseReturnValue:
    """Stop every task's coming fire times."""
    query()
    body = read_body()
    applied = actions.pause_everything(
        current_system(),
        actor(),
        text_of(body, "reason", parts.LONGEST_REASON, NO_REASON),
        until=moment_of(body, "until"),
        now=now(),
    )
    return _answer(True, applied)


@blueprint.post("/resume")
@operation({200: DONE, 202: DONE})
def resume() -> ResponseReturnValue:
    """End the pause of everything; tasks paused by themselves stay so."""
    query()
    read_body()
    return _answer(False, actions.resume_everything(current_system(), actor(), now=now()))


def _answer(paused: bool, applied: bool) -> ResponseReturnValue:
    body = jsonify(paused=paused, status="applied" if applied else "pending")
    return body, 200 if applied else 202
