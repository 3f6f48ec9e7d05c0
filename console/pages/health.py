"""Health: what the processes stand on. Useful above all when something is away."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app import reads
from console.context import current_system, now
from console.live import live
from console.pages.frame import render

blueprint = Blueprint("health_page", __name__)


@blueprint.get("/health")
@live
def page() -> ResponseReturnValue:
    found, around = reads.health(current_system(), now())
    return render("health.html", around=around, found=found)
