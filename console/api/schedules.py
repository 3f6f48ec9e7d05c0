"""Schedules: change a task's own, add and remove further ones."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.schedules import Wanted
from app.views import ScheduleView
from console.api import parts
from console.api.body import mapping_of, moment_of, number_of, optional_text, read_body, text_of
from console.api.operations import operation
from console.api.query import query
from console.api.shapes import schedule_document
from console.api.task_acts import TASK, answer_task
from console.context import actor, current_system, now

SCHEDULES = {"schedules": list[ScheduleView], "total": int}

blueprint = Blueprint("api_schedules", __name__, url_prefix="/api/v1")


@blueprint.post("/tasks/<task_id>/reschedule")
@operation(TASK, body={**parts.SCHEDULE, "revision": parts.REVISION})
def reschedule(task_id: str) -> ResponseReturnValue:
    """Let a task's own schedule fire at other times."""
    query()
    current_system().catalogue.task(task_id)
    return answer_task(task_id, _reschedule(task_id))


@blueprint.post("/tasks/<task_id>/reset")
@operation(TASK)
def reset(task_id: str) -> ResponseReturnValue:
    """Let the code's own schedule hold again."""
    query()
    read_body()
    current_system().catalogue.task(task_id)
    return answer_task(task_id, actions.reset(current_system(), actor(), task_id, now=now()))


@blueprint.get("/tasks/<task_id>/schedules")
@operation({200: SCHEDULES})
def list_schedules(task_id: str) -> ResponseReturnValue:
    """List a task's schedules, its own first."""
    query()
    return jsonify(_schedules(task_id))


@blueprint.post("/tasks/<task_id>/schedules")
@operation(
    {201: SCHEDULES},
    body={
        "name": parts.text("Letters, digits, _ and -; the id is `<task>-<name>`", parts.NEEDED, 48),
        **parts.SCHEDULE,
        "arguments": parts.ARGUMENTS,
    },
)
def create(task_id: str) -> ResponseReturnValue:
    """Add a further schedule, with arguments of its own."""
    query()
    body = read_body()
    schedule_id = actions.create_schedule(
        current_system(),
        actor(),
        task_id,
        text_of(body, "name", 48, ""),
        **_wanted(body),
        arguments=mapping_of(body, "arguments"),
        now=now(),
    )
    place = {"Location": url_for("api_schedules.change", schedule_id=schedule_id)}
    return jsonify(_schedules(task_id)), 201, place


@blueprint.put("/schedules/<schedule_id>")
@operation(
    {200: {"schedule_id": str, "status": str}, 202: {"schedule_id": str, "status": str}},
    body={**parts.SCHEDULE, "revision": parts.REVISION},
)
def change(schedule_id: str) -> ResponseReturnValue:
    """Let one schedule fire at other times."""
    query()
    return _answer(schedule_id, _reschedule(schedule_id))


@blueprint.post("/schedules/<schedule_id>/reset")
@operation({200: {"schedule_id": str, "status": str}, 202: {"schedule_id": str, "status": str}})
def reset_one(schedule_id: str) -> ResponseReturnValue:
    """Let the code's own form of one schedule hold again."""
    query()
    read_body()
    return _answer(schedule_id, actions.reset(current_system(), actor(), schedule_id, now=now()))


@blueprint.delete("/schedules/<schedule_id>")
@operation({200: {"schedule_id": str, "status": str}, 202: {"schedule_id": str, "status": str}})
def delete(schedule_id: str) -> ResponseReturnValue:
    """Remove a schedule that was made in the console; its history stays."""
    query()
    read_body()
    return _answer(
        schedule_id, actions.delete_schedule(current_system(), actor(), schedule_id, now=now())
    )


def _reschedule(schedule_id: str) -> bool:
    body = read_body()
    return actions.reschedule(
        current_system(),
        actor(),
        schedule_id,
        **_wanted(body),
        revision=number_of(body, "revision"),
        now=now(),
    )


def _wanted(body: dict[str, Any]) -> Wanted:
    return {
        "cron": optional_text(body, "cron"),
        "every": optional_text(body, "every"),
        "timezone": optional_text(body, "timezone"),
        "start": moment_of(body, "start"),
        "end": moment_of(body, "end"),
        "max_runs": number_of(body, "max_runs"),
    }


def _schedules(task_id: str) -> dict[str, Any]:
    task, detail = reads.task_page(current_system(), task_id, now())
    found = [
        schedule_document(
            schedule,
            detail.revisions[schedule.schedule_id],
            schedule.schedule_id in detail.made_here,
        )
        for schedule in task.schedules
    ]
    return {"schedules": found, "total": len(found)}


def _answer(schedule_id: str, applied: bool) -> ResponseReturnValue:
    body = jsonify(schedule_id=schedule_id, status="applied" if applied else "pending")
    return body, 200 if applied else 202
