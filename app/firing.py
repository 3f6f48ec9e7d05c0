"""Fire what is due, in few round trips, and compute before it is due what can be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from redis import Redis

from app import keys
from app.due import Due, DueSchedule, soon
from app.fire_block import Block, block_in_advance, block_of
from app.quarantine import set_aside
from app.script_line import ScriptLine

# Redis serves nobody else while a chunk fires: about 2 ms for this many.
CHUNK = 50
CHUNKS_AHEAD = 2
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
        rows = due.schedules
        chunks = (self._blocks(rows[at : at + CHUNK], due.now) for at in range(0, len(rows), CHUNK))
        return self._fire(lock, chunks, due.now)

    def fire_prepared(self, lock: str, now: datetime) -> dict[str, int]:
        """Fire what was prepared, without asking first what is due: the script refuses the rest.

        Return how many ended each way.
        """
        blocks = [block for block in self._ready.values() if now <= block.holds_until]
        self._ready = {}
        chunks = (blocks[at : at + CHUNK] for at in range(0, len(blocks), CHUNK))
        return self._fire(lock, chunks, now)

    def close(self) -> None:
        """Give up the connection that fires."""
        self._line.close()

    def _fire(self, lock: str, chunks: Iterable[list[Block]], now: datetime) -> dict[str, int]:
        outcomes: dict[str, int] = {}
        on_their_way: deque[list[Block]] = deque()
        try:
            for blocks in chunks:
                self._send(lock, blocks)
                on_their_way.append(blocks)
                if len(on_their_way) > CHUNKS_AHEAD:
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
            if ready is not None and ready.row == row and now <= ready.holds_until:
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


def fire(redis: Redis, lock: str, due: Due) -> dict[str, int]:
    """Fire every due schedule, as `Firing.fire` does, with nothing computed before."""
    firing = Firing(redis)
    try:
        return firing.fire(lock, due)
    finally:
        firing.close()
