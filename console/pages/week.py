"""The past 7 days as a heat map: hours by days, or tasks by days."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import reads
from console.context import console_zone, current_system, now
from console.heat import draw
from console.pages.frame import render

BY = ("hour", "task")

blueprint = Blueprint("week", __name__)


@blueprint.get("/week")
def page() -> ResponseReturnValue:
    by = request.args.get("by", BY[0])
    task_id = request.args.get("task_id", "").strip()
    zone = console_zone()
    found = reads.week(current_system(), now(), zone)
    by = by if by in BY else BY[0]
    return render(
        "week.html", found=found, map=draw(found, zone, by, task_id), by=by, task_id=task_id
    )
