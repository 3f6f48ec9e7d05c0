"""Users and tokens: who may come in. For admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.actions.access_acts import LONGEST_PASSWORD
from app.errors import Unknown
from app.reads.access import TokenView, UserView
from app.settings_access import ROLES
from app.views import to_json
from console.api import parts
from console.api.body import flag_of, read_body, text_of
from console.api.operations import operation
from console.api.query import query
from console.context import actor, current_system, now

NAME = parts.text("Letters, digits and . _ @ -", parts.NEEDED, 64)
ROLE = parts.choice("What they may do", *ROLES)
PASSWORD = "At least 12 characters"  # noqa: S105 - a description
LIMITS = {
    "tasks": parts.text("Patterns of tasks they may act on, separated by commas; blank: all"),
    "queues": parts.text("Patterns of queues they may act on, separated by commas; blank: all"),
}
LONGEST_PATTERNS = 2000

blueprint = Blueprint("api_access", __name__, url_prefix="/api/v1")


@blueprint.get("/users")
@operation({200: {"users": list[UserView], "total": int}})
def list_users() -> ResponseReturnValue:
    """List who may sign in, with their roles and limits."""
    query()
    found = reads.users(current_system(), now())
    return jsonify(users=to_json(found), total=len(found))


@blueprint.post("/users")
@operation(
    {201: UserView},
    body={
        "name": NAME,
        "role": ROLE,
        "password": parts.text(PASSWORD, parts.NEEDED, LONGEST_PASSWORD),
        **LIMITS,
    },
)
def add_user() -> ResponseReturnValue:
    """Add a person who may sign in; a viewer unless another role is given."""
    query()
    body = read_body()
    name = text_of(body, "name", 64, "")
    actions.add_user(
        current_system(), actor(), name,
        text_of(body, "role", 16, "viewer"), _secret(body), *_limits(body), now=now(),
    )  # fmt: skip
    return jsonify(to_json(_user(name))), 201


@blueprint.get("/users/<name>")
@operation({200: UserView})
def show_user(name: str) -> ResponseReturnValue:
    """Show one person."""
    query()
    return jsonify(to_json(_user(name)))


@blueprint.patch("/users/<name>")
@operation(
    {200: UserView},
    body={
        "role": ROLE,
        "disabled": parts.flag("Whether they may no longer sign in"),
        "password": parts.text(PASSWORD, longest=LONGEST_PASSWORD),
        **LIMITS,
    },
)
def change_user(name: str) -> ResponseReturnValue:
    """Change a person's role, limits or password, or disable them; their sessions end then."""
    query()
    body = read_body()
    actions.change_user(
        current_system(), actor(), name, now=now(),
        role=text_of(body, "role", 16, "") if "role" in body else None,
        disabled=flag_of(body, "disabled") if "disabled" in body else None,
        password=_secret(body) if "password" in body else None,
        tasks=text_of(body, "tasks", LONGEST_PATTERNS, "") if "tasks" in body else None,
        queues=text_of(body, "queues", LONGEST_PATTERNS, "") if "queues" in body else None,
    )  # fmt: skip
    return jsonify(to_json(_user(name)))


@blueprint.get("/tokens")
@operation({200: {"tokens": list[TokenView], "total": int}})
def list_tokens() -> ResponseReturnValue:
    """List the API tokens, without their secrets."""
    query()
    found = reads.tokens_of(current_system())
    return jsonify(tokens=to_json(found), total=len(found))


@blueprint.post("/tokens")
@operation(
    {201: {"name": str, "role": str, "secret": str}}, body={"name": NAME, "role": ROLE, **LIMITS}
)
def add_token() -> ResponseReturnValue:
    """Make an API token; its secret is shown this once."""
    query()
    body = read_body()
    name, role = text_of(body, "name", 64, ""), text_of(body, "role", 16, "viewer")
    secret = actions.add_token(current_system(), actor(), name, role, *_limits(body), now=now())
    return jsonify(name=name, role=role, secret=secret), 201


@blueprint.delete("/tokens/<name>")
@operation({200: {"name": str, "status": str}})
def revoke_token(name: str) -> ResponseReturnValue:
    """Let a token open nothing any more."""
    query()
    read_body()
    actions.revoke_token(current_system(), actor(), name, now=now())
    return jsonify(name=name, status="revoked")


def _user(name: str) -> UserView:
    for view in reads.users(current_system(), now()):
        if view.name == name:
            return view
    raise Unknown("user", name)


def _secret(body: dict[str, Any]) -> str:
    # Not stripped: blanks belong to a password.
    text_of(body, "password", LONGEST_PASSWORD, "")
    return str(body.get("password", ""))


def _limits(body: dict[str, Any]) -> tuple[str, str]:
    return (
        text_of(body, "tasks", LONGEST_PATTERNS, ""),
        text_of(body, "queues", LONGEST_PATTERNS, ""),
    )
