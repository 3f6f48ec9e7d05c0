"""Tasks: one row each that tells its story."""

from __future__ import annotations

from secrets import token_urlsafe

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app import reads
from console.context import current_system, now
from console.live import live
from console.pages.frame import render
from console.strip import draw

blueprint = Blueprint("tasks", __name__)


@blueprint.get("/tasks")
@live
def page() -> ResponseReturnValue:
    system = current_system()
    tasks, overview = reads.tasks_with_overview(system, now())
    strips = {task.id: draw(task.recent) for task in tasks}
    return render(
        "tasks.html",
        overview=overview,
        tasks=tasks,
        strips=strips,
        once=token_urlsafe(12),
    )
