"""What a person may do with one task: run it, pause it, resume it."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Invalid
from console.context import actor, console_zone, current_system, now
from console.local_paths import local_path
from console.moments import local_moment, offset_moment
from console.notices import tell
from console.pages.task import show
from console.run_form import arguments
from console.wording import day_and_time

blueprint = Blueprint("task_acts", __name__)


@blueprint.post("/tasks/<task_id>/trigger")
def trigger(task_id: str) -> ResponseReturnValue:
    system = current_system()
    try:
        parameters = reads.task(system, task_id, now()).parameters
        accepted = actions.trigger(
            system,
            actor(),
            task_id,
            arguments=arguments(parameters, request.form),
            at=local_moment("at", request.form.get("at", ""), console_zone()),
            idempotency_key=request.form.get("once") or None,
            now=now(),
        )
    except Invalid as refused:
        return show(task_id, values=request.form, refused=refused), 422
    if accepted.status == "pending":
        tell("Accepted. Redis is away: the run starts when it is back.", "waiting")
    else:
        tell(accepted.note or f"Accepted: {task_id} is {accepted.status}.")
    return redirect(url_for("run.page", run_id=accepted.run_id), 303)


@blueprint.post("/tasks/<task_id>/pause")
def pause(task_id: str) -> ResponseReturnValue:
    try:
        applied = actions.pause(
            current_system(),
            actor(),
            task_id,
            request.form.get("reason", "").strip(),
            until=local_moment("until", request.form.get("until", ""), console_zone()),
            now=now(),
        )
    except Invalid as refused:
        return show(task_id, values=request.form, refused=refused), 422
    return _back(task_id, f"{task_id} is paused: it does not fire until it is resumed.", applied)


@blueprint.post("/tasks/<task_id>/resume")
def resume(task_id: str) -> ResponseReturnValue:
    applied = actions.resume(current_system(), actor(), task_id, now=now())
    return _back(task_id, f"{task_id} is resumed.", applied)


@blueprint.post("/tasks/<task_id>/skip")
def skip(task_id: str) -> ResponseReturnValue:
    given = request.form.get("fire_time")
    fire_time = offset_moment("fire_time", given) if given else None
    skipped = actions.skip(current_system(), actor(), task_id, fire_time, now=now())
    when = day_and_time(skipped, console_zone(), now())
    return _back(task_id, f"{task_id} does not run {when}.", True)


def _back(task_id: str, done: str, applied: bool) -> ResponseReturnValue:
    if applied:
        tell(done)
    else:
        tell("Accepted. Redis is away: it holds as soon as it is back.", "waiting")
    back = request.form.get("back")
    return redirect(local_path(back) if back else url_for("task.page", task_id=task_id), 303)
