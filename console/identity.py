"""Who asks: by API token, by session cookie, or by the header of a trusted proxy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, request

from app.accounts import Account
from app.errors import Unavailable
from app.sessions import LIFETIME
from app.settings_access import NAME
from console.context import (
    current_account,
    current_accounts,
    current_system,
    is_api,
    is_live,
    now,
)
from console.local_paths import root

# While the database is away, whoever was let in shortly before may go on reading.
REMEMBERED_FOR = timedelta(minutes=10)
REMEMBERED_MOST = 1000


@dataclass(frozen=True)
class Caller:
    """`ambient` tells that the browser sends the proof by itself, so that the origin matters."""

    account: Account
    ambient: bool


def identify() -> Caller | None:
    """Return who asks, None for a stranger. A token that is wrong is not saved by a cookie."""
    authorization = request.headers.get("Authorization")
    if authorization is not None and is_api():
        return _by_bearer(authorization)
    header = current_system().settings.trusted_proxy_header
    if header and header in request.headers:
        return _by_proxy(request.headers.getlist(header))
    return _by_cookie()


def cookie_name() -> str:
    """Return the session cookie's name; the prefix keeps other hosts from planting one.

    Mounted under a path it is sent there alone, which `__Host-` does not allow.
    """
    return cookie_prefix() + "rota"


def cookie_prefix() -> str:
    """Return the prefix that makes a browser hold a cookie to its promises."""
    if not request.is_secure:
        return ""
    return "__Secure-" if request.script_root else "__Host-"


def cookie_options() -> dict[str, bool | str | int]:
    return {
        "httponly": True,
        "samesite": "Lax",
        "secure": request.is_secure,
        "path": root(),
        "max_age": int(LIFETIME.total_seconds()),
    }


def _by_bearer(authorization: str) -> Caller | None:
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    account = current_accounts().by_token(secret.strip())
    return Caller(account, ambient=False) if account is not None else None


def _by_proxy(names: list[str]) -> Caller | None:
    # Two headers, or a list in one, mean that the proxy let a client's own header through.
    if len(names) != 1 or not NAME.fullmatch(names[0]):
        return None
    account = current_accounts().named(names[0])
    return Caller(account or Account(names[0], "viewer"), ambient=True)


def _by_cookie() -> Caller | None:
    value = request.cookies.get(cookie_name(), "")
    if not value:
        return None
    memory: SessionMemory = current_app.extensions["rota-session-memory"]
    try:
        account = current_accounts().by_session(value, now(), seen=not is_live())
    except Unavailable:
        account = memory.recall(value, now())
        if account is None:
            raise
    else:
        memory.keep(value, account, now())
    return Caller(account, ambient=True) if account is not None else None


class SessionMemory:
    """The sessions this process saw lately, for the minutes in which the database is away."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Account, datetime]] = {}

    def keep(self, value: str, account: Account | None, now: datetime) -> None:
        if account is None:
            self._seen.pop(value, None)
            return
        if len(self._seen) >= REMEMBERED_MOST and value not in self._seen:
            self._seen.clear()
        self._seen[value] = (account, now)

    def recall(self, value: str, now: datetime) -> Account | None:
        account, seen_at = self._seen.get(value, (None, now))
        return account if now - seen_at < REMEMBERED_FOR else None


def sees_all_sessions() -> bool:
    """Tell whether the caller decides about everybody's sessions."""
    account = current_account()
    return account is not None and account.role == "admin" and not account.reach.limited
