"""Where one is signed in, ending it there, and one's password."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Conflict, Invalid, Unknown
from app.sign_in_limits import TooManyFailures
from console.context import actor, current_accounts, current_system, now
from console.identity import cookie_name, sees_all_sessions
from console.notices import tell
from console.pages.frame import render

blueprint = Blueprint("sessions", __name__)


@blueprint.get("/sessions")
def page() -> ResponseReturnValue:
    return _show()


@blueprint.post("/sessions/<session_id>/end")
def end(session_id: str) -> ResponseReturnValue:
    try:
        actions.revoke_session(current_system(), actor(), session_id, now=now())
    except Unknown:
        # It ended by itself meanwhile, which is what was wanted.
        tell("That session had ended before.")
    else:
        tell("The session is ended: that browser has to sign in again.")
    return redirect(url_for("sessions.page"), 303)


@blueprint.post("/sessions/password")
def change_password() -> ResponseReturnValue:
    form, name = request.form, actor().name
    try:
        known = current_accounts().sign_in(name, form.get("current", ""), _address(), now())
        if known is None:
            raise Invalid("That is not your password.", {"current": "is not your present password"})
        if form.get("new") != form.get("again"):
            raise Invalid("The two differ.", {"again": "is not the same as the new password"})
        actions.change_own_password(
            current_system(), actor(), form.get("new", ""), _cookie(), now=now()
        )
    except (Invalid, Conflict, TooManyFailures) as refused:
        errors = refused.fields if isinstance(refused, Invalid) else {}
        errors = {"new" if each == "password" else each: text for each, text in errors.items()}
        status = 422 if errors else 429 if isinstance(refused, TooManyFailures) else 409
        return _show(str(refused), errors), status
    tell("Your password is changed; your other sessions have ended.")
    return redirect(url_for("sessions.page"), 303)


def _show(refused: str = "", errors: object = None) -> str:
    everybody = sees_all_sessions()
    whose = None if everybody else actor().name
    return render(
        "sessions.html",
        sessions=reads.open_sessions_of(current_system(), now(), whose, _cookie()),
        everybody=everybody,
        refused=refused,
        errors=errors or {},
        still=bool(refused),
    )


def _cookie() -> str:
    return request.cookies.get(cookie_name(), "")


def _address() -> str:
    return request.remote_addr or "unknown"
