"""The one place that decides who may do what. Everything is closed unless it is named here."""

from __future__ import annotations

import logging

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app import actions
from app.accounts import Account
from app.errors import Forbidden, Unavailable
from app.records.acts import audited
from app.settings_access import ROLES
from console.context import actor, current_account, current_system, is_api, now
from console.identity import identify
from console.local_paths import here, root

log = logging.getLogger("console")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset(
    {"static", "health.healthz", "health.readyz", "badge.show", "sign_in.page", "sign_in.submit"}
)
# Unsafe only in form: these change nothing but the caller's own browser and session.
OWN_AFFAIRS = frozenset({"sign_in.sign_out", "theme.switch", "zone.switch"})
ROLE_TO_ACT = "operator"
# What only those may see who decide who comes in.
FOR_ADMINS = frozenset({"access", "api_access"})
# One's own sessions and password are everybody's own affair, and leave rows of their own.
OWN_ACTS = frozenset({"sessions", "api_sessions"})


def guard() -> ResponseReturnValue | None:
    """Let a request through, or answer it. Runs before every request, also unknown ones."""
    is_open = request.endpoint in OPEN
    caller = None if is_open else identify()
    if not is_open and caller is None:
        return _ask_to_sign_in()
    ambient = caller is None or caller.ambient
    if request.method not in SAFE_METHODS and ambient and not is_same_origin():
        raise Forbidden("This request did not come from the console's own pages.")
    if caller is not None:
        g.account = caller.account
        audited.set(0)
        _check_role(caller.account)
    return None


def note_failure(response: Response) -> Response:
    """Leave a row in the audit for an act that failed before it was tried: one act, one row."""
    acts = request.method not in SAFE_METHODS and request.endpoint not in OPEN | OWN_AFFAIRS
    failed = 400 <= response.status_code < 500 and request.endpoint is not None
    if acts and failed and "account" in g and not audited.get():
        _note_refusal(f"answered {response.status_code}")
    return response


def may_act(account: Account | None) -> bool:
    """Tell whether the role allows more than reading."""
    return account is not None and _rank(account.role) >= _rank(ROLE_TO_ACT)


def acts_on(target: str) -> bool:
    """Tell whether who asks may act on this task, schedule, run, `queue:<name>` or all (`*`)."""
    if not may_act(current_account()):
        return False
    return actions.within_reach(current_system().catalogue, actor(), target)


def is_same_origin() -> bool:
    """Tell whether the browser vouches that our own page sent this.

    Sec-Fetch-Site is only sent to trustworthy origins (https, loopback); elsewhere Origin decides.
    A request with neither is refused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def _check_role(account: Account) -> None:
    if request.blueprint in FOR_ADMINS and (account.role != "admin" or account.reach.limited):
        if request.method not in SAFE_METHODS:
            _note_refusal()
        raise Forbidden(
            f"“{account.name}” has the role {account.role}. Users and tokens take an admin."
        )
    if request.blueprint in OWN_ACTS:
        return
    reads = request.method in SAFE_METHODS or request.endpoint in OWN_AFFAIRS
    if not reads and not may_act(account):
        _note_refusal()
        raise Forbidden(
            f"“{account.name}” has the role {account.role}, which may look but not act. "
            f"Acting needs the role {ROLE_TO_ACT} or admin."
        )


def _note_refusal(why: str | None = None) -> None:
    verb = (request.endpoint or "").rpartition(".")[2] or request.method.lower()
    target = next(iter((request.view_args or {}).values()), "*")
    try:
        actions.note_refusal(current_system(), actor(), verb, str(target), now(), why)
    except Unavailable as error:
        log.error("A refused act is missing from the audit: %s", error)


def _ask_to_sign_in() -> ResponseReturnValue:
    if is_api():
        raise Unauthorized(
            "Send an API token as “Authorization: Bearer TOKEN”, or sign in to the console.",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "Rota"}),
        )
    came_for = here() if request.method == "GET" else None
    after = None if came_for == root() else came_for
    return redirect(url_for("sign_in.page", next=after), 303)


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else -1
