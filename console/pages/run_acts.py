"""What a person may do with one run: cancel, postpone, stop, ask where it is, retry, run again."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Conflict, Invalid
from console.context import actor, console_zone, current_system, now
from console.moments import local_moment
from console.notices import tell
from console.pages.run import show
from console.run_form import arguments

blueprint = Blueprint("run_acts", __name__, url_prefix="/runs/<run_id>")


@blueprint.post("/cancel")
def cancel(run_id: str) -> ResponseReturnValue:
    applied = actions.cancel(current_system(), actor(), run_id, now=now())
    return _back(run_id, "Cancelled: it does not start.", applied)


@blueprint.post("/stop")
def stop(run_id: str) -> ResponseReturnValue:
    applied = actions.stop(current_system(), actor(), run_id, now=now())
    return _back(run_id, "Its worker was asked to end it.", applied)


@blueprint.post("/stack")
def stack(run_id: str) -> ResponseReturnValue:
    applied = actions.sample_stack(current_system(), actor(), run_id, now=now())
    return _back(run_id, "Its worker was asked where it is: that shows below in a moment.", applied)


@blueprint.post("/retry")
def retry(run_id: str) -> ResponseReturnValue:
    applied = actions.retry(current_system(), actor(), run_id, now=now())
    return _back(run_id, "Queued again: one more attempt of this run.", applied)


@blueprint.post("/postpone")
def postpone(run_id: str) -> ResponseReturnValue:
    try:
        at = local_moment("at", request.form.get("at", ""), console_zone())
        if at is None:
            raise Invalid("When should it start?", {"at": "a day and a time"})
        applied = actions.move(current_system(), actor(), run_id, at, now=now())
    except Invalid as refused:
        return show(run_id, values=request.form, refused=refused), 422
    return _back(run_id, "Postponed.", applied)


@blueprint.post("/again")
def again(run_id: str) -> ResponseReturnValue:
    system = current_system()
    run = reads.run(system, run_id)
    try:
        parameters = system.catalogue.task(run.task_id).parameters.schema()
        given = arguments(parameters, request.form)
        accepted = actions.again(system, actor(), run_id, given, now=now())
    except Invalid as refused:
        return show(run_id, values=request.form, refused=refused), 422
    tell(accepted.note or f"Accepted: a new run of {run.task_id} is {accepted.status}.")
    return redirect(url_for("run.page", run_id=accepted.run_id), 303)


@blueprint.errorhandler(Conflict)
def moved_on(error: Conflict) -> ResponseReturnValue:
    """Show the run as it is by now, with what stood in the way."""
    run_id = (request.view_args or {})["run_id"]
    return show(run_id, refused=error), 409


def _back(run_id: str, done: str, applied: bool) -> ResponseReturnValue:
    if applied:
        tell(done)
    else:
        tell("Accepted. Redis is away: it holds as soon as it is back.", "waiting")
    return redirect(url_for("run.page", run_id=run_id), 303)
