"""Writes down what happened to applications. Whoever changes a status or a stage calls this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from jobs.recruiting.schema import stage_events

ACTIVE = "active"


def record(connection: Connection, events: Sequence[Mapping[str, Any]]) -> None:
    """Add events, each with all columns but its id."""
    if events:
        connection.execute(insert(stage_events), list(events))


def record_changes(
    connection: Connection,
    before: Mapping[tuple[int, int], Row[Any]],
    after: Mapping[tuple[int, int], Row[Any]],
    actor: str,
    now: datetime,
) -> None:
    """Record how application rows, by candidate and position, differ from what they were."""
    events: list[dict[str, Any]] = []
    for key, row in after.items():
        earlier = before.get(key)
        if earlier is None:
            events += arrival(row, actor, now)
        elif (earlier.status, earlier.stage) != (row.status, row.stage):
            # Never earlier than what is known already: the order of events is their times'.
            at = row.last_activity_at if row.last_activity_at > earlier.last_activity_at else now
            events.append(move(row.id, (earlier.status, earlier.stage), row, at, actor, now))
    record(connection, events)


def arrival(row: Row[Any], actor: str, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield what is known of an application that is first heard of: when it came, and its state
    since the last activity. What lies between stays unknown; nothing is made up."""
    just_came = row.status == ACTIVE and row.last_activity_at <= row.applied_at
    begun = (ACTIVE, row.stage if just_came else None)
    yield _event(row.id, (None, None), begun, row.applied_at, actor, now)
    if begun != (row.status, row.stage):
        at = max(row.last_activity_at, row.applied_at)
        yield move(row.id, begun, row, at, actor, now)


def move(
    application_id: int,
    before: tuple[str | None, str | None],
    row: Row[Any],
    at: datetime,
    actor: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the event that leads from `before` (status, stage) to what `row` is."""
    event = _event(application_id, before, (row.status, row.stage), at, actor, now)
    return event | {"reason": row.reason}


def _event(
    application_id: int,
    before: tuple[str | None, str | None],
    after: tuple[str, str | None],
    at: datetime,
    actor: str,
    now: datetime,
) -> dict[str, Any]:
    return {
        "application_id": application_id,
        "from_status": before[0],
        "from_stage": before[1],
        "to_status": after[0],
        "to_stage": after[1],
        "at": at,
        "recorded_at": now,
        "actor": actor,
        "reason": None,
    }
