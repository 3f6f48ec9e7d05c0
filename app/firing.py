"""Fire what is due, in few round trips, and compute before it is due what can be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import Any, TypeVar

from redis import Redis

from app import keys
from app.due import Due, DueSchedule, soon
from app.fire_block import Block, block_in_advance, block_of
from app.quarantine import set_aside
from app.script_line import ScriptLine

# Redis serves nobody else while a chunk fires: about 2 ms for this many.
CHUNK = 50
# What fires is seen when its chunk is done, so the first ones do not wait for many others.
FIRST_CHUNKS = (10,) + (20,) * 5
CHUNKS_AHEAD = 2
Item = TypeVar("Item")
BROKEN = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


class Firing:
    """Fires for one scheduler; what is due soon is computed while there is nothing else to do."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._line = ScriptLine(redis, "fire")
        self._ready: dict[bytes, Block] = {}

    def prepare(self, seconds: float) -> None:
        """Compute what will be due within `seconds`; a broken schedule is left for its time."""
        before, self._ready = self._ready, {}
        for row in soon(self._redis, seconds):
            block = before.get(row.schedule_id)
            if block is None or block.row != row:
                try:
                    block = block_in_advance(row)
                except BROKEN:
                    continue
            self._ready[row.schedule_id] = block

    def fire(self, lock: str, due: Due) -> dict[str, int]:
        """Fire every due schedule; return how many ended each way.

        A schedule that cannot be understood is set aside, and its neighbours fire in the same
        pass. While Redis works on one chunk the next are computed.
        """
        chunks = (self._blocks(rows, due.now) for rows in chunked(due.schedules))
        return self._fire(lock, chunks, due.now, CHUNKS_AHEAD)

    def fire_prepared(self, lock: str, now: datetime) -> dict[str, int]:
        """Fire what was prepared, without asking first what is due: the script refuses the rest.

        Return how many ended each way.
        """
        blocks = [block for block in self._ready.values() if block.holds(now)]
        self._ready = {}
        # Nothing is left to compute meanwhile, and the server wakes nobody before it has done all
        # that was sent: so one chunk after the other.
        return self._fire(lock, chunked(blocks), now, ahead=0)

    def close(self) -> None:
        """Give up the connection that fires."""
        self._line.close()

    def _fire(
        self, lock: str, chunks: Iterable[Sequence[Block]], now: datetime, ahead: int
    ) -> dict[str, int]:
        outcomes: dict[str, int] = {}
        on_their_way: deque[Sequence[Block]] = deque()
        try:
            for blocks in chunks:
                self._send(lock, blocks)
                on_their_way.append(blocks)
                if len(on_their_way) > ahead:
                    self._collect(on_their_way.popleft(), now, outcomes)
            while on_their_way:
                self._collect(on_their_way.popleft(), now, outcomes)
        except BaseException:
            # An answer left unread would be taken for that of the next pass.
            self._line.close()
            raise
        return outcomes

    def _blocks(self, rows: Sequence[DueSchedule], now: datetime) -> list[Block]:
        blocks: list[Block] = []
        for row in rows:
            ready = self._ready.pop(row.schedule_id, None)
            if ready is not None and ready.row == row and ready.holds(now):
                blocks.append(ready)
                continue
            try:
                blocks.append(block_of(row, now))
            except BROKEN as error:
                self._set_aside(row.schedule_id, f"broken schedule: {error}", now)
        return blocks

    def _send(self, lock: str, blocks: Sequence[Block]) -> None:
        args: list[Any] = [lock]
        for block in blocks:
            args += (len(block.values), *block.values)
        if blocks:
            self._line.send([], args)

    def _collect(self, blocks: Sequence[Block], now: datetime, outcomes: dict[str, int]) -> None:
        answers = self._line.answer() if blocks else []
        for block, answer in zip(blocks, answers, strict=True):
            outcome, _, wrong = answer.decode("utf-8", "replace").partition(" ")
            if outcome == "BROKEN":
                self._set_aside(block.row.schedule_id, f"cannot fire: {wrong}", now)
            else:
                outcomes[outcome] = outcomes.get(outcome, 0) + 1

    def _set_aside(self, schedule_id: bytes, reason: str, now: datetime) -> None:
        set_aside(self._redis, keys.SCHEDULE, schedule_id, reason, now)


def chunked(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in order, a few at first, then `CHUNK` at a time."""
    at = 0
    for size in chain(FIRST_CHUNKS, repeat(CHUNK)):
        if at >= len(items):
            return
        yield items[at : at + size]
        at += size


def fire(redis: Redis, lock: str, due: Due) -> dict[str, int]:
    """Fire every due schedule, as `Firing.fire` does, with nothing computed before."""
    firing = Firing(redis)
    try:
        return firing.fire(lock, due)
    finally:
        firing.close()
