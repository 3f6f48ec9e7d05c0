"""The right to work on something of which there is only one, such as a sheet."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app import RotaError, Skip, current_run, reading, writing
from jobs.recruiting.schema import work_leases


@dataclass(frozen=True)
class Lease:
    """The right to `name`, until it expires or another execution takes it."""

    engine: Engine
    name: str
    token: str
    what: str

    def check(self) -> None:
        """Raise Skip when another execution has taken over."""
        query = select(work_leases.c.token).where(work_leases.c.name == self.name)
        with reading(self.engine) as connection:
            if connection.execute(query).scalar() != self.token:
                raise Skip(f"another run took over {self.what}; this one stopped before writing")


@contextmanager
def leased(
    engine: Engine, name: str, owner: str, lifetime: timedelta, now: datetime, what: str
) -> Iterator[Lease]:
    """Hold `name` for `lifetime`, longer than a run can last. Raises Skip when it is taken.

    `what` is how people call it. The same `owner` (a run that was started again after its worker
    died) takes its own lease over; the earlier execution then fails its next check.
    """
    token = secrets.token_hex(16)
    _take(engine, name, owner, token, now + lifetime, now, what)
    try:
        yield Lease(engine, name, token, what)
    finally:
        with writing(engine) as connection:
            connection.execute(
                delete(work_leases).where(work_leases.c.name == name, work_leases.c.token == token)
            )


def execution_owner(now: datetime) -> str:
    """Return the run that is executing, or what a direct call can say of itself."""
    try:
        return current_run().run_id
    except RotaError:
        return f"a direct call at {now:%H:%M:%S.%f}"


def _take(
    engine: Engine,
    name: str,
    owner: str,
    token: str,
    expires_at: datetime,
    now: datetime,
    what: str,
) -> None:
    values = {"owner": owner, "token": token, "expires_at": expires_at}
    free = update(work_leases).where(
        work_leases.c.name == name,
        or_(work_leases.c.expires_at <= now, work_leases.c.owner == owner),
    )
    with writing(engine) as connection:
        if connection.execute(free.values(values)).rowcount:
            return
    try:
        with writing(engine) as connection:
            connection.execute(insert(work_leases).values(name=name, **values))
    except IntegrityError:
        held = select(work_leases).where(work_leases.c.name == name)
        with reading(engine) as connection:
            row = connection.execute(held).first()
        who = f"{row.owner} until {row.expires_at:%H:%M:%S} UTC" if row else "another run"
        raise Skip(f"{what} is being written by {who}") from None
