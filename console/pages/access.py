"""Users and tokens: who may come in, added and changed by an admin."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Conflict, Invalid
from app.settings_access import ROLES
from console.context import actor, current_system, now
from console.notices import tell
from console.pages.frame import render

blueprint = Blueprint("access", __name__)


@blueprint.get("/users")
def page() -> ResponseReturnValue:
    return _show()


@blueprint.post("/users")
def add_user() -> ResponseReturnValue:
    form = request.form
    name = form.get("name", "").strip()

    def add() -> None:
        actions.add_user(
            current_system(), actor(), name, form.get("role", ""), form.get("password", ""),
            form.get("tasks", ""), form.get("queues", ""), now=now(),
        )  # fmt: skip

    return _done(add, f"{name} may sign in.", "user")


@blueprint.post("/users/<name>")
def change_user(name: str) -> ResponseReturnValue:
    form = request.form

    def change() -> None:
        actions.change_user(
            current_system(), actor(), name, now=now(), role=form.get("role") or None,
            password=form.get("password") or None,
            tasks=form.get("tasks"), queues=form.get("queues"),
        )  # fmt: skip

    return _done(change, f"{name} is changed.", f"user-{name}")


@blueprint.post("/users/<name>/disable")
def disable_user(name: str) -> ResponseReturnValue:
    return _done(lambda: _disable(name, True), f"{name} may no longer sign in.", f"user-{name}")


@blueprint.post("/users/<name>/enable")
def enable_user(name: str) -> ResponseReturnValue:
    return _done(lambda: _disable(name, False), f"{name} may sign in again.", f"user-{name}")


@blueprint.post("/tokens")
def add_token() -> ResponseReturnValue:
    form = request.form
    name = form.get("name", "").strip()
    try:
        secret = actions.add_token(
            current_system(), actor(), name, form.get("role", ""),
            form.get("tasks", ""), form.get("queues", ""), now=now(),
        )  # fmt: skip
    except (Invalid, Conflict) as refused:
        return _refused(refused, "token")
    # In the answer itself, and nowhere else: a notice would stay in a cookie.
    return _show(made=(name, secret))


@blueprint.post("/tokens/<name>/revoke")
def revoke_token(name: str) -> ResponseReturnValue:
    def revoke() -> None:
        actions.revoke_token(current_system(), actor(), name, now=now())

    return _done(revoke, f"The token {name} opens nothing any more.", "token")


def _disable(name: str, disabled: bool) -> None:
    actions.change_user(current_system(), actor(), name, disabled=disabled, now=now())


def _done(act: Callable[[], None], done: str, where: str) -> ResponseReturnValue:
    try:
        act()
    except (Invalid, Conflict) as refused:
        return _refused(refused, where)
    tell(done)
    return redirect(url_for("access.page"), 303)


def _refused(error: Invalid | Conflict, where: str) -> ResponseReturnValue:
    fields = error.fields if isinstance(error, Invalid) else {}
    return _show(refused=str(error), errors=fields, where=where), 409 if not fields else 422


def _show(
    made: tuple[str, str] | None = None,
    refused: str = "",
    errors: object = None,
    where: str = "",
) -> str:
    users, tokens = reads.users_and_tokens(current_system(), now())
    return render(
        "access.html",
        users=users,
        tokens=tokens,
        roles=ROLES,
        made=made,
        refused=refused,
        errors=errors or {},
        where=where,
        values=request.form if refused else {},
        still=bool(made or refused),
    )
