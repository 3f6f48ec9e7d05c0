"""The past 7 days as a heat map: hours by days, or tasks by days."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import reads
from console.context import console_zone, current_system, now
from console.heat import draw
from console.pages.frame import render

blueprint = Blueprint("week", __name__)


@blueprint.get("/week")
def page() -> ResponseReturnValue:
    by = request.args.get("by", "hour")
    task_id = request.args.get("task_id", "").strip()
    zone = console_zone()
    if by == "task" and not task_id:
        after = request.args.get("after", "").strip()
        found = reads.week_of_tasks(current_system(), now(), zone, after)
    else:
        by, after = "hour", ""
        found = reads.week(current_system(), now(), zone, task_id)
    drawn = draw(found, zone, by, task_id)
    return render("week.html", found=found, map=drawn, by=by, task_id=task_id, after=after)
