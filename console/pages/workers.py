"""Workers: what each runs, where, since when."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from console.context import actor, current_system, now
from console.live import live
from console.notices import tell
from console.pages.frame import render
from console.paging import part_of

PAGE = 40

blueprint = Blueprint("workers", __name__)


@blueprint.get("/workers")
@live
def page() -> ResponseReturnValue:
    found, around = reads.workers(current_system(), now())
    return render("workers.html", around=around, found=found, part=part_of(found.workers, PAGE))


@blueprint.post("/workers/<name>/stop")
def stop(name: str) -> ResponseReturnValue:
    actions.stop_worker(current_system(), actor(), name, now=now())
    tell(f"{name} was asked to stop: it takes nothing more, and ends when its run has ended.")
    return redirect(url_for("workers.page"), 303)
