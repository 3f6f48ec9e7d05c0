"""What every page has around its content: who is signed in, what is paused, how all is."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request

from app import reads
from app.errors import Unavailable
from app.reads.problems import needing
from app.reads.shapes import FrameView
from app.views import Overview
from console import notices, zones
from console.context import console_zone, current_account, current_system, now
from console.local_paths import here, root
from console.security import acts_on, may_act
from console.theme import THEMES, current_theme

_UNREAD: Any = object()


def render(
    template: str,
    *,
    overview: Overview | None = None,
    around: FrameView | None = _UNREAD,
    **content: Any,
) -> str:
    """Render a page. Pass `overview` or `around` where the page has read one of them already."""
    if overview is not None:
        around = frame_of(overview)
    elif around is _UNREAD:
        around = _frame()
    return render_template(template, overview=overview, frame=around, **content)


def frame_of(overview: Overview) -> FrameView:
    """Return what of the whole stands around a page."""
    return FrameView(overview.status, needing(overview.problems), overview.pause)


def surroundings() -> dict[str, Any]:
    """Return what the layout needs on every page, errors and sign-in included."""
    account = current_account()
    return {
        "frame": None,
        "account": account,
        "may_act": may_act(account),
        "acts_on": acts_on,
        "theme": current_theme(),
        "themes": THEMES,
        "here": here() if request.method == "GET" else root(),
        "page_tag": g.get("page_tag", ""),
        "shared_drawing": g.get("shared_drawing", False),
        "now": now(),
        "zone": console_zone(),
        "row_zone": zones.row_zone,
        "zone_choice": zones.chosen(),
        "home_zone": current_system().settings.timezone,
        "environment": current_system().settings.environment,
        "notice_kinds": notices.KINDS,
    }


def _frame() -> FrameView | None:
    try:
        return reads.frame(current_system(), now())
    except Unavailable:
        return None
