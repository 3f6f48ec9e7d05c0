"""Tasks: one row each that tells its story."""

from __future__ import annotations

from secrets import token_urlsafe

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import reads
from console.context import current_system, now
from console.live import live
from console.pages.frame import render
from console.strip import SLOTS, draw, outlines

PAGE = 16

blueprint = Blueprint("tasks", __name__)


@blueprint.get("/tasks")
@live
def page() -> ResponseReturnValue:
    asked, after = request.args.get("q", "").strip(), request.args.get("after", "")
    found, around = reads.task_list(
        current_system(), now(), q=asked, after=after, limit=PAGE, strip=SLOTS
    )
    return render(
        "tasks.html",
        around=around,
        found=found,
        tasks=found.tasks,
        strips={task.id: outlines(draw(task.recent)) for task in found.tasks},
        asked=asked,
        after=after,
        searchable=found.total > PAGE,
        once=token_urlsafe(12),
    )
