"""What the last sync wrote, and who may write now."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, insert, select

from app import reading, writing
from jobs.recruiting import leasing
from jobs.recruiting.leasing import Lease
from jobs.recruiting.schema import sheet_rows


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


def leased(
    engine: Engine, sheet: str, owner: str, lifetime: timedelta, now: datetime
) -> AbstractContextManager[Lease]:
    """Hold the sheet for `lifetime`. Raises Skip when another run does."""
    return leasing.leased(engine, f"sheet {sheet}", owner, lifetime, now, "this sheet")
