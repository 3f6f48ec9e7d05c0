"""Schedules in Redis that nobody declared or decided: they must not fire for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app import keys
from app.mending import set_key_aside
from app.quarantine import set_aside
from app.records.database import reading
from app.records.releases import known_schedules
from app.system import System

REASON = "a schedule that neither the code nor a person declared"


def set_strangers_aside(system: System, now: datetime) -> int:
    """Set aside what has the form of a schedule of ours and is none; return how many.

    Foreign rq-scheduler entries stay until they are due or adopted. Raises Unavailable when the
    database is away.
    """
    # Before SQL is asked: every schedule of ours is in SQL before it is here.
    found: Any = system.redis.zrange(keys.SCHEDULE, 0, -1)
    with reading(system.database) as connection:
        known = {row.schedule_id.encode() for row in known_schedules(connection)}
    strangers = [name for name in found if name not in known]
    for name in _with_definition(system, strangers):
        set_aside(system.redis, keys.SCHEDULE, name, REASON, now)
        set_key_aside(system.redis, _key(name), REASON)
    return len(strangers)


def _with_definition(system: System, names: list[bytes]) -> list[bytes]:
    pipeline = system.redis.pipeline(transaction=False)
    for name in names:
        pipeline.hexists(_key(name), "definition")
    answers = pipeline.execute(raise_on_error=False) if names else []
    # An error means another type, which is told of when it is due.
    return [name for name, answer in zip(names, answers, strict=True) if answer is True]


def _key(name: bytes) -> bytes:
    return keys.schedule("").encode() + name
