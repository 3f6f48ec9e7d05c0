"""Who may come in, and who is in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from app.reads.shapes import SessionView, TokenView, UserView
from app.records.database import reading
from app.records.schema import tokens
from app.records.schema import users as user_table
from app.sessions import id_of_cookie, open_sessions
from app.settings_access import Credential
from app.system import System


def users(system: System, now: datetime) -> tuple[UserView, ...]:
    """Return everybody who may sign in, those of the environment first. Raises Unavailable."""
    with reading(system.database) as connection:
        rows = connection.execute(select(user_table).order_by(user_table.c.name)).all()
    signed_in = [session.user for session in open_sessions(system.database, now)]
    given = [UserView(u.name, u.role, "environment", sessions=signed_in.count(u.name))
             for u in system.settings.console_users]  # fmt: skip
    names = {view.name for view in given}
    kept = [
        UserView(
            row.name, row.role, "database", _patterns(row.tasks), _patterns(row.queues),
            row.disabled, row.created_at, row.created_by, signed_in.count(row.name),
        )
        for row in rows
        if row.name not in names
    ]  # fmt: skip
    return (*given, *kept)


def tokens_of(system: System) -> tuple[TokenView, ...]:
    """Return all API tokens, revoked ones too, without their secrets. Raises Unavailable."""
    with reading(system.database) as connection:
        rows = connection.execute(select(tokens).order_by(tokens.c.name)).all()
    return (*map(_given_token, system.settings.api_tokens), *map(_token, rows))


def open_sessions_of(
    system: System, now: datetime, user: str | None = None, cookie: str = ""
) -> tuple[SessionView, ...]:
    """Return the open sessions, of one user where named; `own` is the one of this cookie."""
    own = id_of_cookie(cookie)
    return tuple(
        SessionView(s.session_id, s.user, s.created_at, s.seen_at, s.address, s.session_id == own)
        for s in open_sessions(system.database, now, user)
    )


def _given_token(token: Credential) -> TokenView:
    return TokenView(token.name, token.role, "environment")


def _token(row: Row[Any]) -> TokenView:
    return TokenView(
        row.name, row.role, "database", _patterns(row.tasks), _patterns(row.queues),
        row.created_at, row.created_by, row.revoked_at,
    )  # fmt: skip


def _patterns(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
