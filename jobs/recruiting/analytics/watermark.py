"""What the source of the figures held: equal watermarks mean equal figures."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select

from jobs.recruiting.schema import (
    applications,
    interviews,
    offers,
    openings,
    position_events,
    positions,
    stage_events,
)

# By when their rows lie in the past: a row can count from a later moment on without a change.
TIMES = {
    stage_events: ("at",),
    position_events: ("at",),
    offers: ("created_at", "sent_at", "resolved_at"),
    interviews: ("start_at", "end_at"),
    openings: ("opened_at",),
    applications: (),
    positions: (),
}


def watermark(connection: Connection, now: datetime) -> str:
    """Return counts, newest ids and newest changes of every table that the figures are made of."""
    found = {table.name: _mark(connection, table, now) for table in TIMES}
    return json.dumps(found, sort_keys=True)


def _mark(connection: Connection, table: Table, now: datetime) -> list[Any]:
    columns: list[ColumnElement[Any]] = [func.count(), func.max(table.c.id)]
    columns += [func.count().filter(table.c[name] < now) for name in TIMES[table]]
    if "updated_at" in table.c:
        columns.append(func.max(table.c.updated_at))
    marks = list(connection.execute(select(*columns)).one())
    if "status" in table.c:
        status = table.c.status
        counted = select(status, func.count()).group_by(status).order_by(status)
        marks += [list(row) for row in connection.execute(counted)]
    return [mark.isoformat() if isinstance(mark, datetime) else mark for mark in marks]
