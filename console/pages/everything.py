"""Pause and resume everything at once."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions
from console.context import actor, console_zone, current_system, now
from console.moments import local_moment
from console.notices import tell

blueprint = Blueprint("everything", __name__)


@blueprint.post("/pause")
def pause() -> ResponseReturnValue:
    until = local_moment("until", request.form.get("until", ""), console_zone())
    reason = request.form.get("reason", "").strip()
    applied = actions.pause_everything(current_system(), actor(), reason, until=until, now=now())
    return _back("Everything is paused: nothing fires until it is resumed.", applied)


@blueprint.post("/resume")
def resume() -> ResponseReturnValue:
    applied = actions.resume_everything(current_system(), actor(), now=now())
    return _back("Everything is resumed.", applied)


def _back(done: str, applied: bool) -> ResponseReturnValue:
    if applied:
        tell(done)
    else:
        tell("Accepted. Redis is away: it holds as soon as it is back.", "waiting")
    return redirect(url_for("today.page"), 303)
