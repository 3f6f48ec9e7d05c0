"""Counts what a request costs: queries, and round trips to Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from redis.connection import AbstractConnection
from sqlalchemy import event

from app.system import System


@dataclass
class Cost:
    """What was sent while it was watched."""

    queries: list[str] = field(default_factory=list)
    trips: list[str] = field(default_factory=list)


@contextmanager
def watched(system: System) -> Iterator[Cost]:
    """Count statements, and writes to a Redis socket: a pipeline is one."""
    cost = Cost()

    def on_statement(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # SQLite's own begin is no round trip, and PostgreSQL's driver sends it along.
        if not statement.startswith("BEGIN"):
            cost.queries.append(statement)

    original: Any = AbstractConnection.send_packed_command

    def send(self: Any, command: Any, check_health: bool = True) -> None:
        cost.trips.append(repr(command)[:200])
        original(self, command, check_health)

    event.listen(system.database, "before_cursor_execute", on_statement)
    with patch.object(AbstractConnection, "send_packed_command", send):
        yield cost
    event.remove(system.database, "before_cursor_execute", on_statement)
