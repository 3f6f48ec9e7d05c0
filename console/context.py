"""What a request works with: the system, the accounts, who asks, and the time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, cast
from zoneinfo import ZoneInfo

from flask import current_app, g, request

from app.accounts import Account, Accounts
from app.actions import Actor
from app.system import System
from console.zones import page_zone

API_PATHS = ("/api/", "/metrics")


def current_system() -> System:
    return cast(System, current_app.extensions["rota-system"])


def current_accounts() -> Accounts:
    return cast(Accounts, current_app.extensions["rota-accounts"])


def current_account() -> Account | None:
    """Return who is signed in, None on open pages and before the guard has looked."""
    return cast("Account | None", g.get("account"))


def actor() -> Actor:
    """Return who acts, for the audit. Only behind the guard."""
    account: Account = g.account
    via: Literal["api", "console"] = "api" if is_api() else "console"
    return Actor(account.name, account.role, via, request.remote_addr, account.reach)


def is_api() -> bool:
    """Tell whether a program asks: it gets problem documents, never pages."""
    return request.path.startswith(API_PATHS)


def is_live() -> bool:
    """Tell whether the page's own script asks, not a person."""
    return "X-Rota-Live" in request.headers


def now() -> datetime:
    return datetime.now(UTC)


def console_zone() -> ZoneInfo:
    """Return the zone in which this page shows times, and reads those that a form sends."""
    return page_zone()
