"""What the schedule in Redis holds: due by the server's clock, or soon to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from redis import Redis

from app import keys, scripts
from app.events import instant
from app.quarantine import set_aside

BATCH = 1_000


@dataclass(frozen=True)
class DueSchedule:
    """A schedule whose time has come, as Redis has it; numbers are text until checked."""

    schedule_id: bytes
    definition: bytes
    revision: bytes
    nominal: bytes
    fired: bytes
    fired_since: bytes


@dataclass(frozen=True)
class Due:
    """What one look at the schedule found. `now` is the server's clock; times are UTC."""

    now: datetime
    incarnation: str
    leads: bool
    everything_paused: bool
    next_due: datetime | None
    runs: Sequence[tuple[str, str]]
    schedules: Sequence[DueSchedule]
    # Something was set aside and is still to be built again.
    mended: bool = False


def look(redis: Redis, lock: str, queues: Sequence[str]) -> Due:
    """Ask Redis once what is due."""
    answer = scripts.run("due", redis, [], [lock, BATCH, *queues])
    server_ms, incarnation, leads, paused, next_due, runs, schedules, mended = answer
    now = instant(int(server_ms))
    return Due(
        now=now,
        incarnation=incarnation.decode("utf-8", "replace"),
        leads=bool(leads),
        everything_paused=bool(paused),
        next_due=instant(int(next_due)) if next_due else None,
        runs=list(_readable(redis, runs, now)),
        schedules=[DueSchedule(*row) for row in schedules],
        mended=bool(mended),
    )


def soon(redis: Redis, seconds: float) -> list[DueSchedule]:
    """Return what will be due within `seconds`, without what is due already."""
    answer = scripts.run("soon", redis, [], [seconds, BATCH])
    return [DueSchedule(*row) for row in answer]


def _readable(
    redis: Redis, runs: Sequence[tuple[bytes, bytes]], now: datetime
) -> Iterator[tuple[str, str]]:
    for queue, run_id in runs:
        try:
            yield queue.decode(), run_id.decode()
        except UnicodeDecodeError:
            # It could never be moved, so it would stay due for ever.
            set_aside(redis, keys.delayed(queue.decode()), run_id, "its id is no text", now)
