"""The API's description, for programs and for people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from console.api.openapi import describe
from console.pages.frame import render

blueprint = Blueprint("api_docs", __name__, url_prefix="/api/v1")


@blueprint.get("/openapi.json")
def document() -> ResponseReturnValue:
    """The OpenAPI document."""
    return jsonify(_document())


@blueprint.get("/docs")
def page() -> ResponseReturnValue:
    """The same for people, without scripts from elsewhere."""
    found = _document()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in found["paths"].items():
        for method, stated in methods.items():
            row = {"path": path, "method": method.upper(), **stated}
            groups.setdefault(stated["tags"][0], []).append(row)
    return render("docs.html", document=found, groups=groups)


def _document() -> dict[str, Any]:
    # The routes do not change while the process lives.
    if "rota-openapi" not in current_app.extensions:
        current_app.extensions["rota-openapi"] = describe(current_app)
    found: dict[str, Any] = current_app.extensions["rota-openapi"]
    return found
