"""Queues with their registries, and what one may do with them."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from console.context import actor, console_zone, current_system, now
from console.live import live
from console.moments import local_moment
from console.notices import tell
from console.pages.frame import render
from console.paging import part_of
from console.wording import plural

PAGE = 30

blueprint = Blueprint("queues", __name__)


@blueprint.get("/queues")
@live
def page() -> ResponseReturnValue:
    found, around = reads.queues(current_system(), now())
    return render("queues.html", around=around, found=found, part=part_of(found.queues, PAGE))


@blueprint.post("/queues/<name>/pause")
def pause(name: str) -> ResponseReturnValue:
    until = local_moment("until", request.form.get("until", ""), console_zone())
    reason = request.form.get("reason", "").strip()
    applied = actions.pause_queue(current_system(), actor(), name, reason, until, now=now())
    return _back(f"The queue {name} is paused: no worker takes from it.", applied)


@blueprint.post("/queues/<name>/resume")
def resume(name: str) -> ResponseReturnValue:
    applied = actions.resume_queue(current_system(), actor(), name, now=now())
    return _back(f"The queue {name} is resumed.", applied)


@blueprint.post("/queues/<name>/empty")
def empty(name: str) -> ResponseReturnValue:
    cancelled = actions.empty_queue(current_system(), actor(), name, now=now())
    return _back(f"The queue {name} is empty: {plural(cancelled, 'run')} cancelled.", True)


@blueprint.post("/queues/<name>/refill")
def refill(name: str) -> ResponseReturnValue:
    back = actions.refill_queue(current_system(), actor(), name, now=now())
    return _back(f"Back in {name}: {plural(back, 'run')}.", True)


def _back(done: str, applied: bool) -> ResponseReturnValue:
    if applied:
        tell(done)
    else:
        tell("Accepted. Redis is away: it holds as soon as it is back.", "waiting")
    return redirect(url_for("queues.page"), 303)
