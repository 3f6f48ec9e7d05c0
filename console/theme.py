"""Light, dark, or as the device says: remembered in a cookie, so that no script is needed."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from console.local_paths import local_path, root

THEMES = ("auto", "light", "dark")
A_YEAR = 31_536_000

blueprint = Blueprint("theme", __name__)


def current_theme() -> str:
    """Return auto, light or dark; anything else in the cookie counts as auto."""
    theme = request.cookies.get("rota-theme", "auto")
    return theme if theme in THEMES else "auto"


@blueprint.post("/theme")
def switch() -> ResponseReturnValue:
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise BadRequest(f"The theme is one of {', '.join(THEMES)}.")
    response = redirect(local_path(request.form.get("back")), 303)
    response.set_cookie(
        "rota-theme",
        theme,
        path=root(),
        max_age=A_YEAR,
        samesite="Lax",
        httponly=True,
        secure=request.is_secure,
    )
    return response
