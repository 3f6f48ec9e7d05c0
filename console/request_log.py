"""One line a request: words for people on the terminal, fields for programs in the log file."""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from flask import Response, g, request

from console.context import current_account, is_live

# As it came: what is not plain stays escaped, so that no path can forge a line.
PLAIN = "/:@!$&'()*+,;=~-._"

log = logging.getLogger("console.requests")


def start_clock() -> None:
    g.started = time.perf_counter()


def log_request(response: Response) -> Response:
    """Log what was asked and answered, never the query: it may carry a sign-in key.

    What pages fetch by themselves every second, and files, are logged only when they fail.
    """
    quiet = is_live() or request.endpoint in ("static", "health.healthz", "health.readyz")
    if response.status_code >= 400 or not quiet:
        fields = _line(response)
        log.info(
            "%(method)s %(path)s %(status)s in %(ms)s ms, %(user)s from %(address)s",
            fields | {"user": fields["user"] or "nobody"},
            extra={"fields": {"request": fields}},
        )
    return response


def _line(response: Response) -> dict[str, str | int | float | None]:
    account = current_account()
    return {
        "method": request.method,
        "path": quote(request.path, safe=PLAIN)[:500],
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.started) * 1000, 1) if "started" in g else None,
        "user": account.name if account is not None else None,
        "address": request.remote_addr,
    }
