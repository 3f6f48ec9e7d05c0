"""Reads the history, one application after the other, never all of it at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select

from app import reading
from jobs.recruiting.analytics.applications import Application, Event, Interview, Offer
from jobs.recruiting.analytics.positions import Opening, Openings
from jobs.recruiting.schema import (
    applications,
    interviews,
    offers,
    openings,
    position_events,
    positions,
    stage_events,
)

ROWS_AT_ONCE = 2_000


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """Open a connection on which several queries see the same moment."""
    with reading(engine) as connection:
        if connection.dialect.name == "postgresql":
            yield connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            yield connection


def load_applications(connection: Connection) -> Iterator[Application]:
    """Yield every application with its events, offers and interviews, by id."""
    events = _Groups(connection, _ordered(stage_events, "at", "id"))
    offered = _Groups(connection, _ordered(offers, "version"))
    interviewed = _Groups(connection, _ordered(interviews, "start_at", "id"))
    columns = ("id", "position_id", "source", "status", "stage")
    query = select(*(applications.c[name] for name in columns)).order_by(applications.c.id)
    for row in _streamed(connection, query):
        yield Application(
            id=row.id,
            position_id=row.position_id,
            source=row.source,
            status=row.status,
            stage=row.stage,
            events=[Event(e.at, e.to_status, e.to_stage) for e in events.of(row.id)],
            offers=[_offer(o) for o in offered.of(row.id)],
            interviews=[Interview(i.start_at, i.end_at, i.status) for i in interviewed.of(row.id)],
        )


def load_openings(connection: Connection) -> Openings:
    """Return the filled openings and what their positions went through."""
    filled = select(openings).where(openings.c.filled_by.is_not(None)).order_by(openings.c.id)
    moves = select(position_events).order_by(position_events.c.at, position_events.c.id)
    undated = select(func.count()).where(
        positions.c.status == "open", positions.c.opened_at.is_(None)
    )
    by_position: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for row in connection.execute(moves):
        by_position[row.position_id].append((row.at, row.to_status))
    return Openings(
        filled=[
            Opening(r.position_id, r.opened_at, r.filled_by) for r in connection.execute(filled)
        ],
        position_events=by_position,
        undated_positions=connection.execute(undated).scalar_one(),
    )


def _ordered(table: Any, *order: str) -> Select[Any]:
    return select(table).order_by(table.c.application_id, *(table.c[name] for name in order))


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    yield from connection.execute(query, execution_options={"yield_per": ROWS_AT_ONCE})


class _Groups:
    """Walks rows that are ordered by application alongside the applications."""

    def __init__(self, connection: Connection, query: Select[Any]) -> None:
        self.groups = groupby(_streamed(connection, query), lambda row: row.application_id)
        self.next = next(self.groups, None)

    def of(self, application_id: int) -> list[Row[Any]]:
        """Return the rows of an application; ask by ascending id."""
        if self.next is None or self.next[0] != application_id:
            return []
        rows = list(self.next[1])
        self.next = next(self.groups, None)
        return rows


def _offer(row: Row[Any]) -> Offer:
    return Offer(row.version, row.status, row.created_at, row.sent_at, row.resolved_at)
