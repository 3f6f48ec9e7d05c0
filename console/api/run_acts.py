"""Acts on one run: cancel, postpone, stop, retry, run again."""

from __future__ import annotations

from flask import Blueprint, jsonify, url_for
from flask.typing import ResponseReturnValue

from app import actions
from app.views import Accepted, to_json
from console.api import parts
from console.api.body import mapping_of, needed_moment, read_body
from console.api.operations import operation
from console.api.query import query
from console.context import actor, current_system, now

DONE = {"run_id": str, "status": str}
ACT = {200: DONE, 202: DONE}

blueprint = Blueprint("api_run_acts", __name__, url_prefix="/api/v1/runs/<run_id>")


@blueprint.post("/cancel")
@operation(ACT)
def cancel(run_id: str) -> ResponseReturnValue:
    """Take a waiting run out before it starts."""
    query()
    read_body()
    return _answer(run_id, actions.cancel(current_system(), actor(), run_id, now=now()))


@blueprint.post("/stop")
@operation(ACT)
def stop(run_id: str) -> ResponseReturnValue:
    """Ask for the end of a running run; its worker writes how it ended."""
    query()
    read_body()
    return _answer(run_id, actions.stop(current_system(), actor(), run_id, now=now()))


@blueprint.post("/stack")
@operation(ACT)
def sample_stack(run_id: str) -> ResponseReturnValue:
    """Ask where a running run is; a moment later the run's `stack` has the answer."""
    query()
    read_body()
    return _answer(run_id, actions.sample_stack(current_system(), actor(), run_id, now=now()))


@blueprint.post("/retry")
@operation(ACT)
def retry(run_id: str) -> ResponseReturnValue:
    """Try an ended run again: one more attempt under the same id and arguments."""
    query()
    read_body()
    return _answer(run_id, actions.retry(current_system(), actor(), run_id, now=now()))


@blueprint.post("/reschedule")
@operation(ACT, body={"at": parts.moment("When it starts", parts.NEEDED)})
def reschedule(run_id: str) -> ResponseReturnValue:
    """Let a waiting run start at another time."""
    query()
    at = needed_moment(read_body(), "at")
    return _answer(run_id, actions.move(current_system(), actor(), run_id, at, now=now()))


@blueprint.post("/again")
@operation({202: Accepted}, body={"arguments": parts.ARGUMENTS})
def again(run_id: str) -> ResponseReturnValue:
    """Make a new run like this one, with other arguments where given."""
    query()
    arguments = mapping_of(read_body(), "arguments")
    accepted = actions.again(current_system(), actor(), run_id, arguments, now=now())
    place = {"Location": url_for("api_runs.show", run_id=accepted.run_id)}
    return jsonify(to_json(accepted)), 202, place


def _answer(run_id: str, applied: bool) -> ResponseReturnValue:
    body = jsonify(run_id=run_id, status="applied" if applied else "pending")
    return body, 200 if applied else 202
