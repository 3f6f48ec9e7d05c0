"""Acts on one task: trigger, pause, resume."""

from __future__ import annotations

from flask import Blueprint, jsonify, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Invalid
from app.views import to_json
from console.api.body import read_body, text_of
from console.api.query import idempotency_key, query
from console.api.shapes import task_document
from console.context import actor, current_system, now
from console.moments import offset_moment

LONGEST_REASON = 500
# A body is optional; the audit and the console show who left it out.
NO_REASON = "no reason given"

blueprint = Blueprint("api_task_acts", __name__, url_prefix="/api/v1/tasks/<task_id>")


@blueprint.post("/trigger")
def trigger(task_id: str) -> ResponseReturnValue:
    query()
    body = read_body("arguments", "at")
    arguments, at = body.get("arguments"), body.get("at")
    if arguments is not None and not isinstance(arguments, dict):
        raise Invalid("“arguments” is not valid.", {"arguments": "an object of named arguments"})
    accepted = actions.trigger(
        current_system(),
        actor(),
        task_id,
        arguments=arguments,
        at=offset_moment("at", at) if at is not None else None,
        idempotency_key=idempotency_key(),
        now=now(),
    )
    place = {"Location": url_for("api_runs.show", run_id=accepted.run_id)}
    return jsonify(to_json(accepted)), 202, place


@blueprint.post("/pause")
def pause(task_id: str) -> ResponseReturnValue:
    query()
    body = read_body("reason", "until")
    until = body.get("until")
    applied = actions.pause(
        current_system(),
        actor(),
        task_id,
        text_of(body, "reason", LONGEST_REASON, NO_REASON),
        until=offset_moment("until", until) if until is not None else None,
        now=now(),
    )
    return _answer(task_id, applied)


@blueprint.post("/resume")
def resume(task_id: str) -> ResponseReturnValue:
    query()
    read_body()
    return _answer(task_id, actions.resume(current_system(), actor(), task_id, now=now()))


def _answer(task_id: str, applied: bool) -> ResponseReturnValue:
    if not applied:
        # Redis is away, and with it what a full task document would need.
        return jsonify(id=task_id, status="pending"), 202
    return jsonify(task_document(reads.task(current_system(), task_id, now())))
