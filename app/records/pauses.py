"""What people decided not to fire: pauses with their ends, and single fire times."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, or_, select, update

from app.records.history import insert
from app.records.schema import pauses, schedules, skips

EVERYTHING = "*"
# Stands before a queue's name; no task id has a colon.
QUEUE = "queue:"


def all_pauses(connection: Connection) -> dict[str, Row[Any]]:
    """Return every pause that holds, by its scope: a task id, or `*`."""
    holding = select(pauses).where(pauses.c.resumed_at.is_(None))
    return {row.scope: row for row in connection.execute(holding)}


def ended_pauses(connection: Connection) -> dict[str, Row[Any]]:
    """Return the last pause of each scope that was resumed; fire times up to then never run."""
    ended = select(pauses).where(pauses.c.resumed_at.is_not(None))
    return {row.scope: row for row in connection.execute(ended)}


def set_pause(
    connection: Connection,
    scope: str,
    by: str,
    at: datetime,
    reason: str,
    until: datetime | None,
) -> None:
    """Pause a scope, or change the reason and end of its pause, which began when it began."""
    values = {"by": by, "reason": reason, "until": until, "resumed_at": None}
    began = case((pauses.c.resumed_at.is_(None), pauses.c.at), else_=at)
    statement = insert(connection, pauses).values(scope=scope, at=at, **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[pauses.c.scope], set_={**values, "at": began}
        )
    )


def end_pause(connection: Connection, scope: str, now: datetime) -> bool:
    """Resume a scope; return whether it was paused."""
    holding = pauses.c.scope == scope, pauses.c.resumed_at.is_(None)
    return connection.execute(update(pauses).where(*holding).values(resumed_at=now)).rowcount == 1


def coming_skips(connection: Connection, now: datetime) -> dict[str, frozenset[datetime]]:
    """Return the coming fire times that people chose to skip, by schedule."""
    found: dict[str, set[datetime]] = {}
    for row in connection.execute(select(skips).where(skips.c.fire_time > now)):
        found.setdefault(row.schedule_id, set()).add(row.fire_time)
    return {schedule_id: frozenset(times) for schedule_id, times in found.items()}


def skippers(connection: Connection, now: datetime) -> list[Row[Any]]:
    """Return who skips which fire time that is to come, or has come and was not dealt with."""
    newest = schedules.c.last_fire_time
    open_ones = or_(skips.c.fire_time > now, newest.is_(None), skips.c.fire_time > newest)
    statement = select(skips).join(schedules, schedules.c.schedule_id == skips.c.schedule_id)
    return list(connection.execute(statement.where(open_ones)))
