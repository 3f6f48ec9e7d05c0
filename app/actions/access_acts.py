"""Who may come in: users, tokens and sessions, added, changed and ended by an admin."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from app.actions.acting import Actor, act_of
from app.actions.authorisation import ADMIN, demand_admin
from app.errors import Conflict, Invalid, Unknown
from app.passwords import digest_of, hash_password
from app.reach import Reach, reach_of
from app.records.access_schema import sessions, tokens, users
from app.records.acts import write_audit
from app.records.database import writing
from app.records.history import insert
from app.sessions import session_id
from app.settings_access import NAME, ROLES, SHORTEST_SECRET
from app.system import System

LONGEST_PASSWORD = 1000
TOKEN_PREFIX = "rota_"  # noqa: S105 - by this a leaked token is recognised


def add_user(
    system: System, actor: Actor, name: str, role: str, password: str,
    tasks: str = "", queues: str = "", *, now: datetime,
) -> None:  # fmt: skip
    """Add a person who may sign in. Raises Invalid, Forbidden, Conflict where the name is taken."""
    demand_admin(system, actor, "add_user", name, now)
    _check("The user cannot be added.", name, role, password)
    reach = reach_of(tasks, queues)
    _demand_free(system, name)
    values = {"role": role, **_columns(reach)}
    row = {"name": name, "password_hash": hash_password(password), "created_at": now}
    with writing(system.database) as connection:
        statement = insert(connection, users).values(**row, **values, created_by=actor.name)
        added = statement.on_conflict_do_nothing().returning(users.c.name)
        if connection.execute(added).first() is None:
            raise Conflict(f"There is a user named “{name}” already.")
        _note(connection, actor, "add_user", name, None, values, now)


def change_user(
    system: System, actor: Actor, name: str, *, now: datetime, role: str | None = None,
    disabled: bool | None = None, password: str | None = None,
    tasks: str | None = None, queues: str | None = None,
) -> None:  # fmt: skip
    """Change what is given of a user; a new password or being disabled ends their sessions.

    Raises Unknown, Invalid, Forbidden, and Conflict where nobody would be left to decide.
    """
    demand_admin(system, actor, "change_user", name, now)
    _demand_free(system, name)
    _check("The user cannot be changed.", None, role, password)
    given = {"role": role, "disabled": disabled, "tasks": tasks, "queues": queues}
    with writing(system.database) as connection:
        row = _user(connection, name)
        before = {key: getattr(row, key) for key, value in given.items() if value is not None}
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        reach = reach_of(values.get("tasks", row.tasks), values.get("queues", row.queues))
        after = dict(values)
        values |= _columns(reach)
        if password is not None:
            values["password_hash"] = hash_password(password)
            after["new_password"] = True
        if not after:
            raise Invalid("Nothing is to be changed.", {"role": "or disabled, password, tasks, …"})
        connection.execute(update(users).where(users.c.name == name).values(**values))
        if row.role == ADMIN and not row.disabled:
            _demand_an_admin(system, connection)
        if password is not None or disabled:
            connection.execute(delete(sessions).where(sessions.c.user == name))
        _note(connection, actor, "change_user", name, before, after, now)


def change_own_password(
    system: System, actor: Actor, password: str, cookie: str, *, now: datetime
) -> None:
    """Give oneself another password; all other sessions of oneself end.

    Raises Invalid, and Conflict for who is named by the environment or a proxy.
    """
    _check("The password cannot be changed.", None, None, password)
    _demand_free(system, actor.name)
    with writing(system.database) as connection:
        changed = update(users).where(users.c.name == actor.name, users.c.disabled.is_(False))
        new = changed.values(password_hash=hash_password(password)).returning(users.c.name)
        if connection.execute(new).first() is None:
            raise Conflict("You did not come in by a password that Rota keeps.")
        others = sessions.c.user == actor.name, sessions.c.session_hash != digest_of(cookie)
        connection.execute(delete(sessions).where(*others))
        _note(connection, actor, "change_password", actor.name, None, None, now)


def add_token(
    system: System, actor: Actor, name: str, role: str, tasks: str = "", queues: str = "",
    *, now: datetime,
) -> str:  # fmt: skip
    """Add an API token and return its secret, which cannot be shown again.

    Raises Invalid, Forbidden, Conflict where the name is taken.
    """
    demand_admin(system, actor, "add_token", name, now)
    _check("The token cannot be added.", name, role, None)
    if any(token.name == name for token in system.settings.api_tokens):
        raise Conflict(f"“{name}” stands in API_TOKENS already.")
    values = {"role": role, **_columns(reach_of(tasks, queues))}
    secret = f"{TOKEN_PREFIX}{secrets.token_urlsafe(32)}"
    row = {"name": name, "secret_hash": digest_of(secret), "created_at": now}
    with writing(system.database) as connection:
        statement = insert(connection, tokens).values(**row, **values, created_by=actor.name)
        added = statement.on_conflict_do_nothing().returning(tokens.c.name)
        if connection.execute(added).first() is None:
            raise Conflict(f"There is a token named “{name}” already.")
        _note(connection, actor, "add_token", name, None, values, now)
    return secret


def revoke_token(system: System, actor: Actor, name: str, *, now: datetime) -> None:
    """Let a token open nothing any more; its name stays taken.

    Raises Unknown, Forbidden, Conflict where it is revoked or stands in the environment.
    """
    demand_admin(system, actor, "revoke_token", name, now)
    if any(token.name == name for token in system.settings.api_tokens):
        raise Conflict(f"“{name}” stands in API_TOKENS: remove it there.")
    with writing(system.database) as connection:
        row = connection.execute(select(tokens).where(tokens.c.name == name)).first()
        if row is None:
            raise Unknown("token", name)
        if row.revoked_at is not None:
            raise Conflict(f"“{name}” is revoked already.")
        connection.execute(update(tokens).where(tokens.c.name == name).values(revoked_at=now))
        _note(connection, actor, "revoke_token", name, {"role": row.role}, None, now)


def revoke_session(system: System, actor: Actor, session: str, *, now: datetime) -> None:
    """End a session: one's own, or anybody's where an admin asks. Raises Unknown."""
    with writing(system.database) as connection:
        query = select(sessions.c.session_hash, sessions.c.user)
        if actor.role != ADMIN or actor.reach.limited:
            query = query.where(sessions.c.user == actor.name)
        rows = connection.execute(query).all()
        row = next((r for r in rows if session_id(r.session_hash) == session), None)
        if row is None:
            raise Unknown("session", session)
        connection.execute(delete(sessions).where(sessions.c.session_hash == row.session_hash))
        _note(connection, actor, "revoke_session", row.user, {"session": session}, None, now)


def _note(
    connection: Connection, actor: Actor, verb: str, target: str, before: Any, after: Any,
    now: datetime,
) -> None:  # fmt: skip
    write_audit(connection, act_of(actor, verb, target, {}, before, after), now, "accepted")


def _columns(reach: Reach) -> dict[str, str | None]:
    return {"tasks": ",".join(reach.tasks) or None, "queues": ",".join(reach.queues) or None}


def _user(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(select(users).where(users.c.name == name)).first()
    if row is None:
        raise Unknown("user", name)
    return row


def _demand_free(system: System, name: str) -> None:
    if any(user.name == name for user in system.settings.console_users):
        raise Conflict(f"“{name}” stands in CONSOLE_USERS: what stands there is changed there.")


def _demand_an_admin(system: System, connection: Connection) -> None:
    if any(user.role == ADMIN for user in system.settings.console_users):
        return
    able = select(users.c.name).where(
        users.c.role == ADMIN,
        users.c.disabled.is_(False),
        users.c.tasks.is_(None),
        users.c.queues.is_(None),
    )
    if connection.execute(able.limit(1)).first() is None:
        raise Conflict(
            "Nobody would be left who may decide who comes in: make another admin first."
        )


def _check(what: str, name: str | None, role: str | None, password: str | None) -> None:
    wrong = {}
    if name is not None and not NAME.fullmatch(name):
        wrong["name"] = "up to 64 letters, digits and . _ @ -"
    if role is not None and role not in ROLES:
        wrong["role"] = f"one of {', '.join(ROLES)}"
    if password is not None and not SHORTEST_SECRET <= len(password) <= LONGEST_PASSWORD:
        wrong["password"] = f"at least {SHORTEST_SECRET} characters, at most {LONGEST_PASSWORD}"
    if wrong:
        raise Invalid(what, wrong)
