"""Tasks: list, one, its runs, its fire times, and how all stands."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.views import to_json
from console.api.query import query, whole
from console.api.shapes import fire_times_document, runs_document, task_document
from console.context import current_system, now
from console.moments import offset_moment

blueprint = Blueprint("api_tasks", __name__, url_prefix="/api/v1/tasks")


@blueprint.get("/list")
def list_tasks() -> ResponseReturnValue:
    query()
    tasks = [task_document(task) for task in reads.tasks(current_system(), now())]
    return jsonify(tasks=tasks, total=len(tasks))


@blueprint.get("/<task_id>")
def show(task_id: str) -> ResponseReturnValue:
    query()
    return jsonify(task_document(reads.task(current_system(), task_id, now())))


@blueprint.get("/status/overview")
def overview() -> ResponseReturnValue:
    query()
    return jsonify(to_json(reads.overview(current_system(), now())))


@blueprint.get("/<task_id>/runs")
def runs(task_id: str) -> ResponseReturnValue:
    given = query("status", "trigger", "limit", "cursor")
    system = current_system()
    # An unknown task is 404, not an empty list.
    reads.task(system, task_id, now())
    found = reads.runs(
        system,
        task_id=task_id,
        status=given.get("status"),
        trigger=given.get("trigger"),
        limit=whole(given, "limit", 50),
        cursor=given.get("cursor"),
    )
    return jsonify(runs_document(found))


@blueprint.get("/<task_id>/next")
def fire_times(task_id: str) -> ResponseReturnValue:
    """The next fire times; with `cron` or `every` those of a schedule not yet saved."""
    given = query("n", "after", "cron", "every", "timezone")
    after = given.get("after")
    times = reads.fire_times(
        current_system(),
        task_id,
        n=whole(given, "n", 10),
        after=offset_moment("after", after) if after is not None else None,
        cron=given.get("cron"),
        every=given.get("every"),
        timezone=given.get("timezone"),
        now=now(),
    )
    return jsonify(fire_times_document(times))
