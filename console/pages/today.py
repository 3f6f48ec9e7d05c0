"""Today: past and coming 12 hours of every task on one time line, and what needs attention."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import reads
from console.context import console_zone, current_system, now
from console.crowd import thinned
from console.live import live
from console.pages.frame import render
from console.timeline import draw

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@live
def page() -> ResponseReturnValue:
    after = request.args.get("after", "")
    today = reads.today(current_system(), now(), after)
    return render(
        "today.html",
        overview=today.overview,
        timeline=thinned(draw(today, console_zone())),
        upcoming=today.overview.scheduler.get("next_fire_at"),
        after=after,
        following=today.following,
    )
