"""Who may come in: users and API tokens, of the environment first, then of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, delete, select

from app import sessions
from app.passwords import NOBODY, digest_of, password_fits, same
from app.reach import EVERYTHING, Reach, reach_of
from app.records.access_schema import tokens, used_links, users
from app.records.database import reading, writing
from app.records.history import insert
from app.settings import Settings
from app.settings_access import Credential
from app.sign_in_limits import count_attempt, forget_attempts
from app.sign_in_links import GOOD_FOR_SECONDS, link_fits

# Who comes in through the link of a development system.
KEY_USER = "dev"
# What stands for a name where tries of links are counted.
LINKS = "(a link)"


@dataclass(frozen=True)
class Account:
    """A person or a program that is signed in."""

    name: str
    role: str
    reach: Reach = EVERYTHING


@dataclass(frozen=True)
class Accounts:
    """The accounts of one system: those of the environment first, then those in the database."""

    settings: Settings
    database: Engine

    def exist(self) -> bool:
        """Tell whether anybody could sign in with a name and a password."""
        if self.settings.console_users:
            return True
        with reading(self.database) as connection:
            found = select(users.c.name).where(users.c.disabled.is_(False)).limit(1)
            return connection.execute(found).first() is not None

    def sign_in(self, name: str, password: str, address: str, now: datetime) -> Account | None:
        """Return the account whose password this is; an unknown name takes the same time.

        Raises TooManyFailures after too many failures.
        """
        count_attempt(self.database, name, address, now)
        account = self.with_password(name, password)
        if account is not None:
            forget_attempts(self.database, name, address)
        return account

    def with_password(self, name: str, password: str) -> Account | None:
        """Return the account whose password this is. Counts nothing."""
        credential = _by_name(self.settings.console_users, name)
        row = self._user(name) if credential is None else None
        # One scrypt whoever it is, so that the time tells nothing about which names exist.
        fits = password_fits(password, row.password_hash if row is not None else NOBODY)
        if credential is not None:
            return Account(name, credential.role) if same(credential.secret, password) else None
        return _account(row) if row is not None and fits else None

    def named(self, name: str) -> Account | None:
        """Return the account of that name, None where it is unknown or disabled."""
        credential = _by_name(self.settings.console_users, name)
        if credential is not None:
            return Account(name, credential.role)
        row = self._user(name)
        return _account(row) if row is not None else None

    def by_token(self, secret: str) -> Account | None:
        """Return the account of an API token. The environment's tokens need no database."""
        for token in self.settings.api_tokens:
            if same(token.secret, secret):
                return Account(token.name, token.role)
        with reading(self.database) as connection:
            row = connection.execute(
                select(tokens).where(
                    tokens.c.secret_hash == digest_of(secret), tokens.c.revoked_at.is_(None)
                )
            ).first()
        return _account(row) if row is not None else None

    def by_link(self, key: str, address: str, now: datetime) -> Account | None:
        """Return the development account for a link's key: fresh, and not used before.

        Raises TooManyFailures.
        """
        count_attempt(self.database, LINKS, address, now)
        if not link_fits(self.settings.sign_in_key, key, now.timestamp()):
            return None
        with writing(self.database) as connection:
            old = used_links.c.at < now - timedelta(seconds=2 * GOOD_FOR_SECONDS)
            connection.execute(delete(used_links).where(old))
            first = connection.execute(
                insert(connection, used_links)
                .values(link_hash=digest_of(key), at=now)
                .on_conflict_do_nothing()
                .returning(used_links.c.link_hash)
            ).first()
        if first is None:
            return None
        forget_attempts(self.database, LINKS, address)
        return Account(KEY_USER, "admin")

    def open_session(self, account: Account, address: str, now: datetime) -> str:
        """Start a session and return the cookie's value; only its hash is kept."""
        return sessions.open_session(self.database, account.name, account.role, address, now)

    def by_session(self, value: str, now: datetime, *, seen: bool) -> Account | None:
        """Return whose session this is, with the role they have now.

        `seen` keeps the session from going idle: pass False for what a page fetches by itself.
        """
        row = sessions.find_session(self.database, value, now)
        account = self._present(row) if row is not None else None
        if row is not None and account is not None and seen:
            sessions.mark_seen(self.database, row, now)
        return account

    def close_session(self, value: str) -> None:
        """End a session; its cookie opens nothing any more."""
        sessions.close_session(self.database, value)

    def _user(self, name: str) -> Row[*tuple[Any, ...]] | None:
        with reading(self.database) as connection:
            return connection.execute(
                select(users).where(users.c.name == name, users.c.disabled.is_(False))
            ).first()

    def _present(self, row: Row[*tuple[Any, ...]]) -> Account | None:
        credential = _by_name(self.settings.console_users, row.user)
        if credential is not None:
            return Account(row.user, credential.role)
        if row.user_role is not None:
            reach = reach_of(row.tasks, row.queues)
            return None if row.disabled else Account(row.user, str(row.user_role), reach)
        is_dev = row.user == KEY_USER and self.settings.sign_in_key
        return Account(row.user, "admin") if is_dev else None


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(row.name, row.role, reach_of(row.tasks, row.queues))


def _by_name(credentials: tuple[Credential, ...], name: str) -> Credential | None:
    return next((credential for credential in credentials if credential.name == name), None)
