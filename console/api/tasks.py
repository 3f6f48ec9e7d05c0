"""Tasks: list, one, its runs, its fire times, and how all stands."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.views import FireTime, Overview, RunView, TaskView, to_json
from console.api import parts
from console.api.operations import operation
from console.api.query import moment, query, whole
from console.api.shapes import fire_times_document, runs_document, task_document
from console.context import current_system, now

RUNS = {"runs": list[RunView], "next_cursor": str | None}

blueprint = Blueprint("api_tasks", __name__, url_prefix="/api/v1/tasks")


@blueprint.get("/list")
@operation(
    {200: {"tasks": list[TaskView], "total": int, "next_cursor": str | None}},
    query={"q": parts.text("Words of the id or the name"), **parts.PAGES},
)
def list_tasks() -> ResponseReturnValue:
    """List tasks by id, at most 100 where `limit` does not say otherwise."""
    given = query()
    found, _ = reads.task_list(
        current_system(),
        now(),
        q=given.get("q", ""),
        after=given.get("cursor", ""),
        limit=whole(given, "limit", 100),
    )
    tasks = [task_document(task) for task in found.tasks]
    return jsonify(tasks=tasks, total=found.found, next_cursor=found.following)


@blueprint.get("/<task_id>")
@operation({200: TaskView})
def show(task_id: str) -> ResponseReturnValue:
    """Show one task."""
    query()
    return jsonify(task_document(reads.task(current_system(), task_id, now())))


@blueprint.get("/status/overview")
@operation({200: Overview})
def overview() -> ResponseReturnValue:
    """Say how the whole stands."""
    query()
    return jsonify(to_json(reads.overview(current_system(), now())))


@blueprint.get("/<task_id>/runs")
@operation({200: RUNS}, query={"status": parts.STATUS, "trigger": parts.TRIGGER, **parts.PAGES})
def runs(task_id: str) -> ResponseReturnValue:
    """List a task's runs, newest first."""
    given = query()
    system = current_system()
    # An unknown task is 404, not an empty list.
    system.catalogue.task(task_id)
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
@operation(
    {200: {"fire_times": list[FireTime], "text": str}},
    query={
        "n": parts.number("How many", 1, 100),
        "after": parts.moment("Only later ones"),
        **parts.SCHEDULE,
    },
)
def fire_times(task_id: str) -> ResponseReturnValue:
    """List the next fire times; with `cron` or `every` those of a schedule not yet saved."""
    given = query()
    times = reads.fire_times(
        current_system(),
        task_id,
        n=whole(given, "n", 10),
        after=moment(given, "after"),
        cron=given.get("cron"),
        every=given.get("every"),
        timezone=given.get("timezone"),
        start=moment(given, "start"),
        end=moment(given, "end"),
        max_runs=whole(given, "max_runs", 0) if "max_runs" in given else None,
        now=now(),
    )
    return jsonify(fire_times_document(times))
