"""Conditional answers, so that a page that asks every second mostly hears "nothing new"."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, cast

from flask import Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Unavailable
from console import notices, zones
from console.compression import compress
from console.context import current_account, current_system, is_live, now
from console.sharing import Sharing
from console.theme import current_theme

P = ParamSpec("P")

# What ages without an event (a worker that fell silent, the line that marks now) is drawn again
# after this many seconds.
AGEING_SECONDS = 10


def live(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Answer 304 while nothing that the page shows has changed.

    The version is read before the page is made: what changes meanwhile shows the next time.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        tag = _tag()
        if tag is None or notices.are_waiting():
            return view(*args, **kwargs)
        if request.if_none_match.contains(tag):
            unchanged = Response(status=304)
            unchanged.set_etag(tag)
            return unchanged

        def draw() -> Response:
            g.page_tag = tag
            response = make_response(view(*args, **kwargs))
            response.set_etag(tag)
            return response

        return _shared(tag, draw) if is_live() else draw()

    return answer


def _shared(tag: str, draw: Callable[[], Response]) -> Response:
    """Return a drawing for the page's own script, which takes no more of it than all may see."""
    g.shared_drawing = True
    takes = request.accept_encodings.quality("gzip") > 0
    key = f"{tag} {request.host_url} {request.script_root} {takes}"
    return _sharing().pages.page(key, lambda: compress(draw()))


def _sharing() -> Sharing:
    return cast(Sharing, current_app.extensions["rota-sharing"])


def _tag() -> str | None:
    try:
        version = _version()
    except Unavailable:
        return None
    parts = (
        version,
        _rights(),
        current_theme(),
        request.full_path,
        zones.chosen(),
        str(int(now().timestamp()) // AGEING_SECONDS),
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:24]


def _version() -> str:
    """What a person opens is as new as can be: it may show what they just did."""
    if not is_live():
        return reads.version(current_system())
    return _sharing().look.version(partial(reads.version, current_system()))


def _rights() -> str:
    """Return what people share who see the same. Who is limited may see of lists what is theirs."""
    account = current_account()
    if account is None:
        return ""
    limits = f"{account.name}:{account.reach.told()}" if account.reach.limited else ""
    return f"{account.role}:{limits}"
