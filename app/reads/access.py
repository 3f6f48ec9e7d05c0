"""Who may come in, and who is in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.reads.together import Fields, read_together
from app.records.access_schema import tokens as token_table
from app.records.access_schema import users as user_table
from app.records.database import reading
from app.sessions import id_of_cookie, open_sessions, signed_in_users
from app.settings_access import Credential
from app.system import System


@dataclass(frozen=True, slots=True)
class UserView:
    """Who may sign in. `source` is environment or database; `sessions` counts the open ones.

    `tasks` and `queues` are patterns that limit their acts; empty is everything.
    """

    name: str
    role: str
    source: str
    tasks: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    disabled: bool = False
    created_at: datetime | None = None
    created_by: str | None = None
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class TokenView:
    """An API token, without its secret, which nobody can show again."""

    name: str
    role: str
    source: str
    tasks: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    created_at: datetime | None = None
    created_by: str | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open session; `session_id` names it and opens nothing. `own` is the one that asks."""

    session_id: str
    user: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    own: bool = False


def users(system: System, now: datetime) -> tuple[UserView, ...]:
    """Return everybody who may sign in, those of the environment first. Raises Unavailable."""
    found, _ = users_and_tokens(system, now)
    return found


def tokens_of(system: System) -> tuple[TokenView, ...]:
    """Return all API tokens, revoked ones too, without their secrets. Raises Unavailable."""
    with reading(system.database) as connection:
        (rows,) = read_together(connection, _tokens())
    return (*map(_given_token, system.settings.api_tokens), *map(_token, rows))


def users_and_tokens(
    system: System, now: datetime
) -> tuple[tuple[UserView, ...], tuple[TokenView, ...]]:
    """Return both, for one query. Raises Unavailable."""
    kept = select(user_table).order_by(user_table.c.name)
    with reading(system.database) as connection:
        rows, signed_in, tokens = read_together(connection, kept, signed_in_users(now), _tokens())
    counts = Counter(row.user for row in signed_in)
    given = {user.name: user for user in system.settings.console_users}
    people = [UserView(u.name, u.role, "environment", sessions=counts[u.name])
              for u in given.values()]  # fmt: skip
    people += [_user(row, counts[row.name]) for row in rows if row.name not in given]
    return tuple(people), (*map(_given_token, system.settings.api_tokens), *map(_token, tokens))


def open_sessions_of(
    system: System, now: datetime, user: str | None = None, cookie: str = ""
) -> tuple[SessionView, ...]:
    """Return the open sessions, of one user where named; `own` is the one of this cookie."""
    own = id_of_cookie(cookie)
    return tuple(
        SessionView(s.session_id, s.user, s.created_at, s.seen_at, s.address, s.session_id == own)
        for s in open_sessions(system.database, now, user)
    )


def _tokens() -> Select[Any]:
    return select(token_table).order_by(token_table.c.name)


def _user(row: Fields, sessions: int) -> UserView:
    return UserView(
        row.name, row.role, "database", _patterns(row.tasks), _patterns(row.queues),
        bool(row.disabled), row.created_at, row.created_by, sessions,
    )  # fmt: skip


def _given_token(token: Credential) -> TokenView:
    return TokenView(token.name, token.role, "environment")


def _token(row: Fields) -> TokenView:
    return TokenView(
        row.name, row.role, "database", _patterns(row.tasks), _patterns(row.queues),
        row.created_at, row.created_by, row.revoked_at,
    )  # fmt: skip


def _patterns(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
