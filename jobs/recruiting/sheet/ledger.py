"""What the last sync wrote, and who may write now: two small tables."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app import Skip, reading, writing
from jobs.recruiting.schema import sheet_leases, sheet_rows


def last_written(engine: Engine, sheet: str) -> dict[int, str]:
    """Return the hash of what was last written for each candidate."""
    query = select(sheet_rows.c.candidate_id, sheet_rows.c.content_hash).where(
        sheet_rows.c.sheet == sheet
    )
    with reading(engine) as connection:
        return {row.candidate_id: row.content_hash for row in connection.execute(query)}


def remember(
    engine: Engine, sheet: str, known: Mapping[int, str], hashes: Mapping[int, str], now: datetime
) -> None:
    """Replace what is known of `sheet` by `hashes`, touching only what differs from `known`."""
    gone = [i for i in known if i not in hashes]
    changed = [i for i, content in hashes.items() if known.get(i) != content]
    stale = [*gone, *(i for i in changed if i in known)]
    if not stale and not changed:
        return
    rows = [
        {"sheet": sheet, "candidate_id": i, "content_hash": hashes[i], "written_at": now}
        for i in changed
    ]
    with writing(engine) as connection:
        for start in range(0, len(stale), 500):
            connection.execute(
                delete(sheet_rows).where(
                    sheet_rows.c.sheet == sheet,
                    sheet_rows.c.candidate_id.in_(stale[start : start + 500]),
                )
            )
        if rows:
            connection.execute(insert(sheet_rows), rows)


@dataclass(frozen=True)
class Lease:
    """The right to write to a sheet, until it expires or another execution takes it."""

    engine: Engine
    sheet: str
    token: str

    def check(self) -> None:
        """Raise Skip when another execution has taken over."""
        query = select(sheet_leases.c.token).where(sheet_leases.c.sheet == self.sheet)
        with reading(self.engine) as connection:
            if connection.execute(query).scalar() != self.token:
                raise Skip("another sync took over this sheet; this one stopped before writing")


@contextmanager
def leased(
    engine: Engine, sheet: str, owner: str, lifetime: timedelta, now: datetime
) -> Iterator[Lease]:
    """Hold the sheet for `lifetime`, longer than a run can last. Raises Skip when it is taken.

    The same `owner` (a run that was started again after its worker died) takes its own lease
    over; the earlier execution then fails its next check.
    """
    token = secrets.token_hex(16)
    _take(engine, sheet, owner, token, now + lifetime, now)
    try:
        yield Lease(engine, sheet, token)
    finally:
        with writing(engine) as connection:
            connection.execute(
                delete(sheet_leases).where(
                    sheet_leases.c.sheet == sheet, sheet_leases.c.token == token
                )
            )


def _take(
    engine: Engine, sheet: str, owner: str, token: str, expires_at: datetime, now: datetime
) -> None:
    values = {"owner": owner, "token": token, "expires_at": expires_at}
    free = update(sheet_leases).where(
        sheet_leases.c.sheet == sheet,
        or_(sheet_leases.c.expires_at <= now, sheet_leases.c.owner == owner),
    )
    with writing(engine) as connection:
        if connection.execute(free.values(values)).rowcount:
            return
    try:
        with writing(engine) as connection:
            connection.execute(insert(sheet_leases).values(sheet=sheet, **values))
    except IntegrityError:
        held = select(sheet_leases).where(sheet_leases.c.sheet == sheet)
        with reading(engine) as connection:
            row = connection.execute(held).first()
        who = f"{row.owner} until {row.expires_at:%H:%M:%S} UTC" if row else "another run"
        raise Skip(f"this sheet is being written by {who}") from None
