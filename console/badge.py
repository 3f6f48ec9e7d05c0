"""Public status badges: an image of a name and one word, for those that the settings name.

Nobody signs in for it, so it says nothing else, and one that is not public looks like none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Unavailable
from console.context import current_system, now
from console.wording import shown

# Anybody may ask as often as they like; the system answers this often.
FRESH = timedelta(seconds=15)
LETTER = 6.8
PADDING = 10
GOOD, BAD, CALM = "#1d7a4a", "#c02a2a", "#57606c"
COLOURS = {"succeeded": GOOD, "ok": GOOD, "failed": BAD, "lost": BAD, "down": BAD,
           "quarantined": BAD, "expired": BAD, "degraded": "#8f5600",
           "running": "#2456c8"}  # fmt: skip
# The badge may be shown on any site, and does nothing there.
POLICY = "default-src 'none'; sandbox"

Kept = dict[str, tuple[datetime, str]]
blueprint = Blueprint("badge", __name__)


@blueprint.get("/badge/<name>.svg")
def show(name: str) -> ResponseReturnValue:
    kept: Kept = current_app.extensions.setdefault("rota-badges", {})
    at, image = kept.get(name, (None, ""))
    if at is None or now() - at > FRESH:
        # Only what exists is kept, so that made-up names fill no memory.
        image = draw(*_state(name))
        kept[name] = (now(), image)
    headers = {"Content-Security-Policy": POLICY}
    return Response(image, content_type="image/svg+xml; charset=utf-8", headers=headers)


def draw(name: str, state: str) -> str:
    """Draw the badge; the words are told to screen readers too."""
    left, right = (round(len(text) * LETTER) + 2 * PADDING for text in (name, state))
    name, state = (escape(str(shown(text))) for text in (name, state))
    colour = COLOURS.get(state, CALM)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" '
        f'role="img" aria-label="{name}: {state}"><title>{name}: {state}</title>'
        f'<rect width="{left + right}" height="20" rx="3" fill="#2a313c"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z" '
        f'fill="{colour}"/><g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" '
        f'font-size="11" text-anchor="middle"><text x="{left / 2}" y="14">{name}</text>'
        f'<text x="{left + right / 2}" y="14">{state}</text></g></svg>'
    )


def _state(name: str) -> tuple[str, str]:
    try:
        return reads.badge(current_system(), name, now())
    except Unavailable:
        return name, "unknown"
