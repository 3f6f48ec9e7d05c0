"""Sessions of signed-in people: opened, found again, listed, ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, Select, delete, insert, or_, select, update

from app.passwords import digest_of
from app.records.access_schema import sessions, users
from app.records.database import reading, writing

# A browser that is left alone, or stolen, soon opens nothing any more.
IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
# `seen_at` may lag by this much, so that a person who clicks fast costs no write a click.
SEEN_PRECISION = timedelta(minutes=1)
# How much of the hash names a session: enough to be unique, and it opens nothing.
ID_LENGTH = 16


@dataclass(frozen=True)
class Session:
    """An open session; `session_id` names it and opens nothing."""

    session_id: str
    user: str
    created_at: datetime
    seen_at: datetime
    address: str | None


def open_session(database: Engine, user: str, role: str, address: str, now: datetime) -> str:
    """Start a session and return the cookie's value; only its hash is kept."""
    value = secrets.token_urlsafe(32)
    with writing(database) as connection:
        connection.execute(delete(sessions).where(~_alive(now)))
        connection.execute(
            insert(sessions).values(
                session_hash=digest_of(value),
                user=user,
                role=role,
                created_at=now,
                seen_at=now,
                address=address[:64],
            )
        )
    return value


def find_session(database: Engine, value: str, now: datetime) -> Row[*tuple[Any, ...]] | None:
    """Return the open session of a cookie, joined with what the database says of its user."""
    query = (
        select(
            sessions, users.c.role.label("user_role"), users.c.disabled,
            users.c.tasks, users.c.queues,
        )
        .select_from(sessions.outerjoin(users, users.c.name == sessions.c.user))
        .where(sessions.c.session_hash == digest_of(value), _alive(now))
    )  # fmt: skip
    with reading(database) as connection:
        return connection.execute(query).first()


def mark_seen(database: Engine, row: Row[*tuple[Any, ...]], now: datetime) -> None:
    """Keep a session from going idle."""
    if now - row.seen_at < SEEN_PRECISION:
        return
    with writing(database) as connection:
        connection.execute(
            update(sessions).where(sessions.c.session_hash == row.session_hash).values(seen_at=now)
        )


def close_session(database: Engine, value: str) -> None:
    """End a session; its cookie opens nothing any more."""
    with writing(database) as connection:
        connection.execute(delete(sessions).where(sessions.c.session_hash == digest_of(value)))


def open_sessions(database: Engine, now: datetime, user: str | None = None) -> list[Session]:
    """Return the open sessions, the newest first; of one user where named."""
    query = select(sessions).where(_alive(now)).order_by(sessions.c.created_at.desc())
    if user is not None:
        query = query.where(sessions.c.user == user)
    with reading(database) as connection:
        rows = connection.execute(query).all()
    return [
        Session(session_id(r.session_hash), r.user, r.created_at, r.seen_at, r.address)
        for r in rows
    ]


def signed_in_users(now: datetime) -> Select[Any]:
    """Return the read of whose the open sessions are, one row a session."""
    return select(sessions.c.user).where(_alive(now))


def session_id(session_hash: str) -> str:
    """Return what names a session to people."""
    return session_hash[:ID_LENGTH]


def id_of_cookie(value: str) -> str:
    """Return the name of a cookie's session."""
    return session_id(digest_of(value))


def _alive(now: datetime) -> Any:
    return ~or_(sessions.c.created_at <= now - LIFETIME, sessions.c.seen_at <= now - IDLE)
