"""Signing in with a name and a password or a development link, and signing out."""

from __future__ import annotations

import ipaddress
import logging

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden

from app.accounts import Account
from app.sign_in_limits import TooManyFailures
from console.context import current_accounts, current_system, now
from console.hosts import is_loopback_name
from console.identity import cookie_name, cookie_options
from console.local_paths import local_path, root

log = logging.getLogger("console.sign_in")

blueprint = Blueprint("sign_in", __name__)

LINK_REFUSED = (
    "This sign-in link is not valid: it is good once, for an hour, on the machine where Rota runs. "
    "`./dev link` prints a fresh one."
)


@blueprint.get("/sign-in")
def page() -> ResponseReturnValue:
    key = request.args.get("key")
    if key is None or request.method == "HEAD":
        return _form(200)
    if not _may_use_links():
        raise Forbidden(LINK_REFUSED)
    account = current_accounts().by_link(key, _address(), now())
    if account is None:
        log.warning("A sign-in link that does not fit, from %s", _address())
        raise Forbidden(LINK_REFUSED)
    return _welcome(account)


@blueprint.post("/sign-in")
def submit() -> ResponseReturnValue:
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    try:
        account = current_accounts().sign_in(name, password, _address(), now())
    except TooManyFailures as error:
        log.warning("Too many failed sign-ins as %r from %s", name[:64], _address())
        return *_form(429, str(error)), {"Retry-After": str(error.retry_after)}
    if account is None:
        log.warning("Failed sign-in as %r from %s", name[:64], _address())
        return _form(401, "That name and password do not fit together.")
    log.info("%s signed in from %s", account.name, _address())
    return _welcome(account)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    current_accounts().close_session(request.cookies.get(cookie_name(), ""))
    response = redirect(url_for("sign_in.page"), 303)
    response.delete_cookie(cookie_name(), path=root(), secure=request.is_secure, httponly=True)
    return response


def _may_use_links() -> bool:
    """Tell whether a person here opened the link, not some page and nobody from elsewhere."""
    return (
        is_loopback(current_system().settings.host)
        and is_loopback(_address())
        and is_loopback_name(request.host)
        # A link from the terminal comes from no site at all.
        and request.headers.get("Sec-Fetch-Site", "none") in ("none", "same-origin")
        and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and not request.headers.get("Sec-Purpose")
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a server bound to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _welcome(account: Account) -> ResponseReturnValue:
    # Always a new session id, and the old one ends: nobody can plant theirs before.
    old = request.cookies.get(cookie_name(), "")
    if old:
        current_accounts().close_session(old)
    value = current_accounts().open_session(account, _address(), now())
    response = redirect(local_path(request.values.get("next")), 303)
    response.set_cookie(cookie_name(), value, **cookie_options())  # type: ignore[arg-type]  # one mapping of differently typed options
    return response


def _form(status: int, error: str = "") -> tuple[str, int]:
    text = render_template(
        "sign_in.html",
        error=error,
        name=request.form.get("name", ""),
        next=local_path(request.values.get("next")),
        anybody=current_accounts().exist(),
    )
    return text, status


def _address() -> str:
    return request.remote_addr or "unknown"
