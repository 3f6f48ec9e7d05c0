"""Conditional answers, so that a page that asks every second mostly hears "nothing new"."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, g, make_response, request
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Unavailable
from console import notices, zones
from console.context import current_account, current_system, now
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
        g.page_tag = tag
        response = make_response(view(*args, **kwargs))
        response.set_etag(tag)
        return response

    return answer


def _tag() -> str | None:
    try:
        version = reads.version(current_system())
    except Unavailable:
        return None
    account = current_account()
    parts = (
        version,
        f"{account.name}:{account.role}" if account is not None else "",
        current_theme(),
        request.full_path,
        zones.chosen(),
        str(int(now().timestamp()) // AGEING_SECONDS),
    )
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:24]
