"""Acts on one task: trigger, pause, resume, skip."""

from __future__ import annotations

from flask import Blueprint, jsonify, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.views import Accepted, TaskView, to_json
from console.api import parts
from console.api.body import flag_of, mapping_of, moment_of, optional_text, read_body, text_of
from console.api.operations import operation
from console.api.query import idempotency_key, query
from console.api.shapes import task_document
from console.context import actor, current_system, now

# A body is optional; the audit and the console show who left it out.
NO_REASON = "no reason given"
PENDING = {"id": str, "status": str}
TASK = {200: TaskView, 202: PENDING}

blueprint = Blueprint("api_task_acts", __name__, url_prefix="/api/v1/tasks/<task_id>")


@blueprint.post("/trigger")
@operation(
    {202: Accepted},
    body={
        "arguments": parts.ARGUMENTS,
        "at": parts.moment("Not now but then"),
        "start_within": parts.text("Expires where no worker took it so long, such as `10m`"),
        "at_front": parts.flag("Before the others of its queue"),
    },
    idempotent=True,
)
def trigger(task_id: str) -> ResponseReturnValue:
    """Run a task once, also while it is paused."""
    query()
    body = read_body()
    accepted = actions.trigger(
        current_system(),
        actor(),
        task_id,
        arguments=mapping_of(body, "arguments"),
        at=moment_of(body, "at"),
        idempotency_key=idempotency_key(),
        start_within=optional_text(body, "start_within"),
        at_front=flag_of(body, "at_front"),
        now=now(),
    )
    place = {"Location": url_for("api_runs.show", run_id=accepted.run_id)}
    return jsonify(to_json(accepted)), 202, place


@blueprint.post("/pause")
@operation(TASK, body={"reason": parts.REASON, "until": parts.UNTIL})
def pause(task_id: str) -> ResponseReturnValue:
    """Stop a task's coming fire times."""
    query()
    body = read_body()
    applied = actions.pause(
        current_system(),
        actor(),
        task_id,
        text_of(body, "reason", parts.LONGEST_REASON, NO_REASON),
        until=moment_of(body, "until"),
        now=now(),
    )
    return answer_task(task_id, applied)


@blueprint.post("/resume")
@operation(TASK)
def resume(task_id: str) -> ResponseReturnValue:
    """Let a task fire again."""
    query()
    read_body()
    return answer_task(task_id, actions.resume(current_system(), actor(), task_id, now=now()))


@blueprint.post("/skip")
@operation(
    {200: TaskView}, body={"fire_time": parts.moment("Which coming fire time; else the next")}
)
def skip(task_id: str) -> ResponseReturnValue:
    """Let one coming fire time pass."""
    query()
    fire_time = moment_of(read_body(), "fire_time")
    actions.skip(current_system(), actor(), task_id, fire_time, now=now())
    return answer_task(task_id, True)


def answer_task(task_id: str, applied: bool) -> ResponseReturnValue:
    """Answer with the task as it is now, or say that the act follows."""
    if not applied:
        # Redis is away, and with it what a full task document would need.
        return jsonify(id=task_id, status="pending"), 202
    return jsonify(task_document(reads.task(current_system(), task_id, now())))
