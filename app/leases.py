"""A lock in SQL, for work that must not overlap where no scheduler watches over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import Engine, delete

from app.errors import Conflict
from app.records.database import writing
from app.records.history import insert
from app.records.schema import leases


@contextmanager
def lease(database: Engine, name: str, seconds: float) -> Iterator[None]:
    """Hold the lease `name` for the block, at most for `seconds`.

    Raises Conflict while somebody else holds it; a holder that died is waited out.
    """
    token = uuid4().hex
    now = datetime.now(UTC)
    values = {"token": token, "expires_at": now + timedelta(seconds=seconds)}
    with writing(database) as connection:
        statement = insert(connection, leases).values(name=name, **values)
        taken = connection.execute(
            statement.on_conflict_do_update(
                index_elements=[leases.c.name], set_=values, where=leases.c.expires_at <= now
            ).returning(leases.c.name)
        ).first()
    if not taken:
        raise Conflict(f"{name} is in progress elsewhere.")
    try:
        yield
    finally:
        with writing(database) as connection:
            connection.execute(delete(leases).where(leases.c.token == token))
