"""The one-time notice after a form was sent: Flask's signed session, used for nothing else."""

from __future__ import annotations

from flask import Flask, flash, request, session
from flask.sessions import SecureCookieSessionInterface

from console.local_paths import root


class NoticeCookie(SecureCookieSessionInterface):
    """Name and flags of the cookie follow the connection, like those of the session's."""

    def get_cookie_name(self, app: Flask) -> str:
        prefix = "" if not request.is_secure else "__Secure-" if request.script_root else "__Host-"
        return f"{prefix}rota-notice"

    def get_cookie_path(self, app: Flask) -> str:
        return root()

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Lax"


KINDS = ("done", "waiting")


def tell(text: str, kind: str = "done") -> None:
    """Show `text` on the next page; `kind` is done or waiting."""
    flash(text, kind)


def are_waiting() -> bool:
    """Tell whether the next page has a notice to show."""
    return bool(session.get("_flashes"))
