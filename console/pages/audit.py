"""Audit: who did what, when, and from where."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import reads
from console.context import current_system
from console.live import live
from console.pages.frame import render

PAGE = 50

blueprint = Blueprint("audit", __name__)


@blueprint.get("/audit")
@live
def page() -> ResponseReturnValue:
    cursor = request.args.get("cursor") or None
    found = reads.audit(current_system(), limit=PAGE, cursor=cursor)
    return render("audit.html", acts=found, later=cursor is not None)
