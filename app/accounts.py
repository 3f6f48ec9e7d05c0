"""Who may come in: users, API tokens, sessions, and the limit on failed sign-ins."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, delete, func, insert, select, update

from app.errors import Conflict, Invalid, RotaError
from app.records.database import reading, writing
from app.records.schema import sessions, sign_in_failures, tokens, users
from app.settings import Settings
from app.settings_access import NAME, ROLES, SHORTEST_SECRET, Credential

# A working day: nobody signs in twice between breakfast and evening, yet a browser left behind
# on Friday asks again on Monday.
SESSION_IDLE = timedelta(hours=12)
# However busy a session is, a stolen cookie ends within a week.
SESSION_LIFETIME = timedelta(days=7)
# `seen_at` may lag by this much, so that a person who clicks fast costs no write a click.
SEEN_PRECISION = timedelta(minutes=1)
FAILURES_ALLOWED = 5
FAILURES_WINDOW = timedelta(minutes=1)
# Who comes in through the one-time link of a development system.
KEY_USER = "dev"
# OWASP's scrypt figures with the least memory (16 MiB): sign-ins in every thread at once fit a
# small host.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 5


class TooManyFailures(RotaError):
    """Sign-in was tried too often. `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"Too many failed sign-ins for this name from this address. "
            f"Try again in {retry_after} seconds."
        )
        self.retry_after = retry_after


@dataclass(frozen=True)
class Account:
    """A person or a program that is signed in."""

    name: str
    role: str


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

        Raises TooManyFailures after FAILURES_ALLOWED failures of this name from this address.
        """
        key = f"{name[:64]}|{address}"
        # Counted before it is checked: parallel guesses cannot slip past the limit together.
        self._count_attempt(key, now)
        account = self._with_password(name, password)
        if account is not None:
            with writing(self.database) as connection:
                connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == key))
        return account

    def named(self, name: str) -> Account | None:
        """Return the account of that name, None where it is unknown or disabled."""
        credential = _by_name(self.settings.console_users, name)
        if credential is not None:
            return Account(name, credential.role)
        row = self._user(name)
        return Account(name, row.role) if row is not None else None

    def by_token(self, secret: str) -> Account | None:
        """Return the account of an API token. The environment's tokens need no database."""
        digest = _digest(secret)
        for token in self.settings.api_tokens:
            if hmac.compare_digest(_digest(token.secret), digest):
                return Account(token.name, token.role)
        with reading(self.database) as connection:
            row = connection.execute(
                select(tokens.c.name, tokens.c.role).where(
                    tokens.c.secret_hash == digest, tokens.c.revoked_at.is_(None)
                )
            ).first()
        return Account(row.name, row.role) if row is not None else None

    def by_key(self, key: str) -> Account | None:
        """Return the development account when `key` is the one-time link's."""
        expected = self.settings.sign_in_key
        if expected and hmac.compare_digest(_digest(expected), _digest(key)):
            return Account(KEY_USER, "admin")
        return None

    def open_session(self, account: Account, address: str, now: datetime) -> str:
        """Start a session and return the cookie's value; only its hash is kept."""
        value = secrets.token_urlsafe(32)
        with writing(self.database) as connection:
            connection.execute(
                delete(sessions).where(sessions.c.created_at < now - SESSION_LIFETIME)
            )
            connection.execute(
                insert(sessions).values(
                    session_hash=_digest(value),
                    user=account.name,
                    role=account.role,
                    created_at=now,
                    seen_at=now,
                    address=address[:64],
                )
            )
        return value

    def by_session(self, value: str, now: datetime, *, seen: bool) -> Account | None:
        """Return whose session this is, with the role they have now.

        `seen` keeps the session from going idle: pass False for what a page fetches by itself.
        """
        query = (
            select(sessions, users.c.role.label("user_role"), users.c.disabled)
            .select_from(sessions.outerjoin(users, users.c.name == sessions.c.user))
            .where(sessions.c.session_hash == _digest(value))
        )
        with reading(self.database) as connection:
            row = connection.execute(query).first()
        if row is None or not _is_fresh(row, now):
            return None
        role = self._present_role(row)
        if role is not None and seen and now - row.seen_at >= SEEN_PRECISION:
            self._mark_seen(row.session_hash, now)
        return Account(row.user, role) if role is not None else None

    def close_session(self, value: str) -> None:
        """End a session; its cookie opens nothing any more."""
        with writing(self.database) as connection:
            connection.execute(delete(sessions).where(sessions.c.session_hash == _digest(value)))

    def _count_attempt(self, key: str, now: datetime) -> None:
        recent = now - FAILURES_WINDOW
        failures = sign_in_failures.c
        with writing(self.database) as connection:
            connection.execute(delete(sign_in_failures).where(failures.at <= recent))
            own = connection.execute(
                insert(sign_in_failures).values(key=key, at=now).returning(failures.id)
            ).scalar_one()
        with writing(self.database) as connection:
            others = select(func.count(), func.min(failures.at)).where(
                failures.key == key, failures.at > recent, failures.id != own
            )
            count, oldest = connection.execute(others).one()
            if count < FAILURES_ALLOWED:
                return
            # A refused try is no failure: otherwise trying again would lock for ever.
            connection.execute(delete(sign_in_failures).where(failures.id == own))
        wait = (oldest + FAILURES_WINDOW - now).total_seconds()
        raise TooManyFailures(max(1, int(wait) + 1))

    def _with_password(self, name: str, password: str) -> Account | None:
        credential = _by_name(self.settings.console_users, name)
        row = self._user(name) if credential is None else None
        # One scrypt whoever it is, so that the time tells nothing about which names exist.
        fits = password_fits(password, row.password_hash if row is not None else _NOBODY)
        if credential is not None:
            same = hmac.compare_digest(_digest(credential.secret), _digest(password))
            return Account(name, credential.role) if same else None
        return Account(name, row.role) if row is not None and fits else None

    def _user(self, name: str) -> Row[str, str, str] | None:
        query = select(users.c.name, users.c.role, users.c.password_hash)
        with reading(self.database) as connection:
            return connection.execute(
                query.where(users.c.name == name, users.c.disabled.is_(False))
            ).first()

    def _present_role(self, row: Row[*tuple[Any, ...]]) -> str | None:
        credential = _by_name(self.settings.console_users, row.user)
        if credential is not None:
            return credential.role
        if row.user_role is not None:
            return None if row.disabled else str(row.user_role)
        return "admin" if row.user == KEY_USER and self.settings.sign_in_key else None

    def _mark_seen(self, session_hash: str, now: datetime) -> None:
        with writing(self.database) as connection:
            connection.execute(
                update(sessions).where(sessions.c.session_hash == session_hash).values(seen_at=now)
            )


def add_user(database: Engine, name: str, role: str, password: str, by: str, now: datetime) -> None:
    """Add a person who may sign in. Raises Invalid, and Conflict where the name is taken."""
    wrong = _wrong(name, role)
    if len(password) < SHORTEST_SECRET:
        wrong["password"] = f"at least {SHORTEST_SECRET} characters"
    if wrong:
        raise Invalid("The user cannot be added.", wrong)
    password_hash = hash_password(password)
    with writing(database) as connection:
        if connection.execute(select(users.c.name).where(users.c.name == name)).first():
            raise Conflict(f"There is a user named “{name}” already.")
        connection.execute(
            insert(users).values(
                name=name, role=role, password_hash=password_hash, created_at=now, created_by=by
            )
        )


def add_token(database: Engine, name: str, role: str, by: str, now: datetime) -> str:
    """Add an API token and return its secret, which cannot be shown again.

    Raises Invalid, and Conflict where the name is taken.
    """
    wrong = _wrong(name, role)
    if wrong:
        raise Invalid("The token cannot be added.", wrong)
    secret = f"rota_{secrets.token_urlsafe(32)}"
    with writing(database) as connection:
        if connection.execute(select(tokens.c.name).where(tokens.c.name == name)).first():
            raise Conflict(f"There is a token named “{name}” already.")
        connection.execute(
            insert(tokens).values(
                name=name, role=role, secret_hash=_digest(secret), created_at=now, created_by=by
            )
        )
    return secret


def hash_password(password: str) -> str:
    """Hash a password for storing, with a salt of its own."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    return f"scrypt:{SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P}${salt.hex()}${digest.hex()}"


def password_fits(password: str, stored: str) -> bool:
    """Tell in constant time whether `stored` is the hash of `password`."""
    figures, salt, digest = stored.split("$")
    n, r, p = map(int, figures.removeprefix("scrypt:").split(":"))
    return hmac.compare_digest(
        _scrypt(password, bytes.fromhex(salt), n, r, p), bytes.fromhex(digest)
    )


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # The algorithm needs 128 * r * (n + p + 2) bytes; OpenSSL wants to be allowed them.
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=256 * r * (n + p))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _by_name(credentials: tuple[Credential, ...], name: str) -> Credential | None:
    return next((credential for credential in credentials if credential.name == name), None)


def _is_fresh(row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    age: timedelta = now - row.created_at
    idle: timedelta = now - row.seen_at
    return age < SESSION_LIFETIME and idle < SESSION_IDLE


def _wrong(name: str, role: str) -> dict[str, str]:
    wrong = {}
    if not NAME.fullmatch(name):
        wrong["name"] = "up to 64 letters, digits and . _ @ -"
    if role not in ROLES:
        wrong["role"] = f"one of {', '.join(ROLES)}"
    return wrong


# What an unknown name's password is compared with: nobody knows the password of this.
_NOBODY = f"scrypt:{SCRYPT_N}:{SCRYPT_R}:{SCRYPT_P}${'5a' * 16}${secrets.token_hex(64)}"
