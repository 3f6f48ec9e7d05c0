"""The schedule editor: what a schedule would do, by the engine's own code, before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Conflict, Invalid
from app.reads.shapes import Preview
from console.context import actor, current_system, now
from console.notices import tell
from console.pages.frame import render
from console.run_form import arguments, fields
from console.schedule_form import values, wanted

blueprint = Blueprint("schedule", __name__, url_prefix="/tasks/<task_id>/schedule")


@blueprint.get("")
def page(task_id: str) -> ResponseReturnValue:
    return _show(task_id, request.args)


@blueprint.post("")
def save(task_id: str) -> ResponseReturnValue:
    system, form = current_system(), request.form
    try:
        if form.get("new"):
            schema = system.catalogue.task(task_id).parameters.schema()
            name = form.get("name", "").strip()
            given = arguments(schema, form)
            made = actions.create_schedule(
                system,
                actor(),
                task_id,
                name,
                **wanted(form, system.settings.timezone),
                arguments=given,
                now=now(),
            )
            tell(f"The schedule {made} is added.")
        else:
            revision = (
                int(form["revision"])
                if form.get("revision", "").isdecimal() and form["revision"].isascii()
                else None
            )
            actions.reschedule(
                system,
                actor(),
                _schedule_id(task_id, form),
                **wanted(form, system.settings.timezone),
                revision=revision,
                now=now(),
            )
            tell(f"{_schedule_id(task_id, form)} is rescheduled.")
    except Invalid as refused:
        return _show(task_id, form, refused), 422
    except Conflict as refused:
        return _show(task_id, form, refused), 409
    return redirect(url_for("task.page", task_id=task_id), 303)


@blueprint.post("/reset")
def reset(task_id: str) -> ResponseReturnValue:
    schedule_id = _schedule_id(task_id, request.form)
    actions.reset(current_system(), actor(), schedule_id, now=now())
    tell(f"{schedule_id} is as the code says again.")
    return redirect(url_for("task.page", task_id=task_id), 303)


@blueprint.post("/delete")
def delete(task_id: str) -> ResponseReturnValue:
    schedule_id = _schedule_id(task_id, request.form)
    actions.delete_schedule(current_system(), actor(), schedule_id, now=now())
    tell(f"The schedule {schedule_id} is removed; its history stays.")
    return redirect(url_for("task.page", task_id=task_id), 303)


def _show(
    task_id: str, entered: Mapping[str, str], refused: Invalid | Conflict | None = None
) -> str:
    task = current_system().catalogue.task(task_id)
    new = bool(entered.get("new"))
    schedule_id = None if new else _schedule_id(task_id, entered)
    preview, wrong = _preview(schedule_id, entered)
    errors = {**wrong, **(refused.fields if isinstance(refused, Invalid) else {})}
    told = {name.removeprefix("arguments."): text for name, text in errors.items()}
    return render(
        "schedule.html",
        task=task,
        schedule_id=schedule_id,
        new=new,
        preview=preview,
        errors=errors,
        refused=refused,
        values=values(entered, preview),
        revision=entered.get("revision") or (preview.revision if preview else None),
        zones=sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC"),
        fields=fields(task.parameters.schema(), entered, told) if new else [],
    )


def _preview(
    schedule_id: str | None, entered: Mapping[str, str]
) -> tuple[Preview | None, dict[str, str]]:
    system = current_system()
    try:
        tried = wanted(entered, system.settings.timezone)
        if schedule_id is None and not (tried.get("cron") or tried.get("every")):
            return None, {}
        return reads.preview(system, schedule_id, now(), **tried), {}
    except Invalid as error:
        return None, dict(error.fields)


def _schedule_id(task_id: str, entered: Mapping[str, str]) -> str:
    schedule_id = entered.get("id") or task_id
    if schedule_id != task_id and not schedule_id.startswith(f"{task_id}-"):
        raise Invalid("That schedule is of another task.", {"id": f"one of {task_id}'s"})
    return schedule_id
