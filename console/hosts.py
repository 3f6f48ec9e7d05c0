"""Under which names the console answers: what else a Host header says is refused.

Without this a page of any site could have its own name lead to this machine, and then be of the
same origin as the console (DNS rebinding).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import request
from werkzeug.exceptions import BadRequest

from app.settings import Settings
from console.context import current_system

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
REFUSED = "rota.refused_host"
# Probes call a process by its address; they learn nothing but whether it answers.
FOR_PROBES = frozenset({"health.healthz", "health.readyz"})


class KnownHosts:
    """WSGI middleware: the framework never sees a Host header that is not one of ours."""

    def __init__(self, app: WSGIApplication, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if not is_known(host, self._settings):
            environ[REFUSED] = host[:100]
            environ["HTTP_HOST"] = "localhost"
        return self._app(environ, start_response)


def is_known(host: str, settings: Settings) -> bool:
    """Tell whether the console answers to this Host header."""
    match = HOST.fullmatch(host)
    if match is None:
        return False
    name = match[1].lower().removesuffix(".")
    bound = f"[{settings.host}]" if ":" in settings.host else settings.host
    if name in LOOPBACK or name == bound or name in settings.allowed_hosts:
        return True
    return any(
        name.endswith(allowed[1:]) for allowed in settings.allowed_hosts if allowed.startswith("*.")
    )


def is_loopback_name(host: str) -> bool:
    """Tell whether a Host header names this machine itself."""
    match = HOST.fullmatch(host)
    return match is not None and match[1].lower() in LOOPBACK


def refuse_unknown_hosts() -> None:
    """Answer 400 where the Host header is not one of ours. Runs before everything else."""
    refused = request.environ.get(REFUSED)
    if refused is None or request.endpoint in FOR_PROBES:
        return
    known = ", ".join(sorted(LOOPBACK | set(current_system().settings.allowed_hosts)))
    raise BadRequest(
        f"This console does not answer to the name “{refused}”, only to {known}. "
        "The setting ALLOWED_HOSTS names further ones."
    )
