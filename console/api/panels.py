"""What task packages contribute to look at."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import reads
from app.contributions import Panel, PanelContent
from app.views import to_json
from console.api.operations import operation
from console.api.query import query
from console.context import current_system

PANEL = {"name": str, "title": str, "description": str, "content": PanelContent}

blueprint = Blueprint("api_panels", __name__, url_prefix="/api/v1/panels")


@blueprint.get("")
@operation({200: {"panels": list[dict[str, str]], "total": int}})
def list_panels() -> ResponseReturnValue:
    """List the panels that task packages contribute."""
    query()
    panels = [_document(panel) for panel in reads.panels(current_system())]
    return jsonify(panels=panels, total=len(panels))


@blueprint.get("/<name>")
@operation({200: PANEL})
def show(name: str) -> ResponseReturnValue:
    """Show what a panel holds now."""
    query()
    panel, content = reads.panel(current_system(), name)
    return jsonify(_document(panel) | {"content": to_json(content)})


def _document(panel: Panel) -> dict[str, Any]:
    return {"name": panel.name, "title": panel.title, "description": panel.description}
