"""The recorder: events from Redis become rows in SQL, each exactly once.

Rows and the position in the stream are committed together, and only by whoever still finds the
position where it was; so two recorders, replays and crashes change nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import sleep
from typing import Any

from redis import Redis
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import OperationalError, StatementError

from app import keys
from app.connection import asking_redis
from app.events import Event, parse
from app.records.database import reading, writing
from app.records.history import record, record_logs
from app.records.schema import recorder
from app.run_log import read_lines
from app.views import ENDED

log = logging.getLogger("rota.recorder")

BATCH = 1_000
# Events come in swarms: who waits this long for the rest writes them in one transaction, and does
# not take the processor from the very fire, or the very worker, that they tell of.
GATHERING = 0.05
COUNT_DIGITS = 9
# What a database, or the types on the way to it, say of values that they do not take.
BROKEN = (StatementError, ValueError, TypeError, KeyError, OverflowError)


class Recorder:
    """Moves events into SQL, one batch a step."""

    def __init__(self, redis: Redis, database: Engine) -> None:
        self._redis = redis
        self._database = database
        self._behind = False

    def step(self, block_ms: int | None = None) -> int:
        """Record what waits; return how many events. Waits up to `block_ms` for the first one.

        Raises Unavailable when Redis or the database is away; nothing is lost by that.
        """
        with reading(self._database) as connection:
            start = _position(connection)
        if start is None:
            return 0
        incarnation, position = start
        with asking_redis():
            found: Any = self._redis.get(keys.INCARNATION)
            if (found or b"").decode("utf-8", "replace") != incarnation:
                return 0
            entries = self._read(position, block_ms)
            if not entries:
                return 0
            events = self._parsed(entries)
            logs = self._logs(events)
        last = entries[-1][0].decode()
        try:
            committed = self._commit(start, last, events, logs, record)
        except BROKEN as error:
            log.error("A batch cannot be recorded as a whole, so one by one: %r", error)
            committed = self._commit(start, last, events, logs, self._record_each)
        if not committed:
            return 0
        self._tidy(last)
        return len(entries)

    def _commit(
        self,
        start: tuple[str, str],
        last: str,
        events: list[Event],
        logs: Mapping[str, tuple[list[Any], int]],
        write: Callable[[Connection, list[Event]], None],
    ) -> bool:
        with writing(self._database) as connection:
            if not _advance(connection, *start, last):
                return False
            write(connection, events)
            record_logs(connection, logs)
        return True

    def _record_each(self, connection: Connection, events: list[Event]) -> None:
        """Record what can be, and set aside the events that the database refuses."""
        for event in events:
            try:
                with connection.begin_nested():
                    record(connection, [event])
            except OperationalError:
                raise
            except BROKEN as error:
                self._set_aside(event.position, error)

    def _read(self, position: str, block_ms: int | None) -> list[tuple[bytes, dict[bytes, bytes]]]:
        if block_ms is not None and not self._behind:
            if not self._entries(position, 1, block_ms):
                return []
            sleep(GATHERING)
        entries = self._entries(position, BATCH, None)
        self._behind = len(entries) == BATCH
        return entries

    def _entries(
        self, position: str, most: int, block_ms: int | None
    ) -> list[tuple[bytes, dict[bytes, bytes]]]:
        answer: Any = self._redis.xread({keys.EVENTS: position}, count=most, block=block_ms)
        if not answer:
            return []
        streams = answer.values() if isinstance(answer, dict) else [pair[1] for pair in answer]
        found: Any = next(iter(streams))
        # RESP3 nests the entries of a stream once more.
        return found[0] if found and isinstance(found[0], list) else found

    def _parsed(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> list[Event]:
        events = []
        for position, fields in entries:
            try:
                event = parse(position, fields)
                _ = event.static["task_id"], event.static["trigger"], event.static["at"]
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                self._set_aside(position.decode(), error)
                continue
            events.append(event)
        return events

    def _set_aside(self, position: str, error: Exception) -> None:
        note = {
            "reason": f"broken event: {error!r}"[:500],
            "at": datetime.now(UTC).isoformat(),
            "place": keys.EVENTS,
        }
        with asking_redis():
            self._redis.hset(keys.QUARANTINE, f"event {position}", json.dumps(note))
        log.error("Set aside event %s: %r", position, error)

    def _logs(self, events: list[Event]) -> dict[str, tuple[list[Any], int]]:
        ended = list(dict.fromkeys(e.run_id for e in events if e.status in ENDED and e.attempt))
        pipeline = self._redis.pipeline(transaction=False)
        for run_id in ended:
            pipeline.lrange(keys.log(run_id), 0, -1)
            pipeline.hget(keys.job(run_id), "rota_log_dropped")
        answers = pipeline.execute(raise_on_error=False) if ended else []
        return {
            run_id: (read_lines(lines), _count(dropped))
            for run_id, lines, dropped in zip(ended, answers[::2], answers[1::2], strict=True)
            # Neither empty nor an error: the key may be of another type.
            if isinstance(lines, list) and lines
        }

    def _tidy(self, position: str) -> None:
        """Trim what is committed, and tell the screens that there is something new."""
        with asking_redis():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.xtrim(keys.EVENTS, minid=position, approximate=True)
            pipeline.incr(keys.CHANGES)
            pipeline.execute()


def _count(text: Any) -> int:
    # More digits than any log has lines are garbage, and too many for the column.
    plain = isinstance(text, bytes) and text.isdigit() and len(text) <= COUNT_DIGITS
    return int(text) if plain else 0


def _position(connection: Connection) -> tuple[str, str] | None:
    row = connection.execute(select(recorder.c.incarnation, recorder.c.position)).first()
    return None if row is None else (row.incarnation, row.position)


def _advance(connection: Connection, incarnation: str, position: str, last: str) -> bool:
    changed = connection.execute(
        update(recorder)
        .where(
            recorder.c.id == 1,
            recorder.c.incarnation == incarnation,
            recorder.c.position == position,
        )
        .values(position=last, at=datetime.now(UTC))
    )
    return changed.rowcount == 1
