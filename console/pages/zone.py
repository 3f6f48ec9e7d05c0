"""Choose the time zone in which pages show times."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from console import zones
from console.local_paths import local_path
from console.pages.frame import render

blueprint = Blueprint("zone_page", __name__)


@blueprint.get("/zone")
def page() -> ResponseReturnValue:
    back = local_path(request.args.get("back"))
    return render("zone.html", names=zones.names(), chosen=zones.chosen(), back=back)
