"""Panels: read-only pages that task packages contribute."""

from __future__ import annotations

from secrets import token_urlsafe

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Unknown
from console.context import current_system
from console.headers import PREVIEW_POLICY
from console.live import live
from console.pages.frame import render

blueprint = Blueprint("panels", __name__)


@blueprint.get("/panels")
def index() -> ResponseReturnValue:
    panels = reads.panels(current_system())
    if panels:
        return redirect(url_for("panels.page", name=panels[0].name))
    return render("no_panels.html")


@blueprint.get("/panels/<name>")
@live
def page(name: str) -> ResponseReturnValue:
    system = current_system()
    panel, content = reads.panel(system, name)
    return render(
        "panel.html",
        panel=panel,
        content=content,
        panels=reads.panels(system),
        filler=system.catalogue.tasks.get(panel.filled_by),
        once=token_urlsafe(12),
    )


@blueprint.get("/panels/<name>/preview")
def preview(name: str) -> ResponseReturnValue:
    """The panel's own HTML, for the sandboxed frame on its page."""
    _, content = reads.panel(current_system(), name)
    if content.html is None:
        raise Unknown("preview", name)
    text = content.html.encode("utf-8", "replace")
    headers = {"Content-Security-Policy": PREVIEW_POLICY}
    return Response(text, content_type="text/html; charset=utf-8", headers=headers)
