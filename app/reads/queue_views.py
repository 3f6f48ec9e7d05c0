"""Queues with their registries, and what was set aside."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError

from app import keys
from app.events import instant
from app.masking import mask_text
from app.reads.emptied import emptied_lately
from app.reads.frame import frame_and_more
from app.reads.live import ask_redis
from app.reads.shapes import FrameView, QueuesView, SetAside
from app.system import System

SHOWN = 50


def queues(system: System, now: datetime) -> tuple[QueuesView, FrameView]:
    """Return every queue, and some of what was set aside: one query, two round trips."""
    live = ask_redis(system, now)
    around, whole, (emptied,) = frame_and_more(system, now, live, emptied_lately(now))
    aside = _set_aside(system) if live.quarantined else ()
    back = {row.queue: row.number for row in emptied}
    return QueuesView(whole.queues, aside, live.quarantined, live.away, back), around


def _set_aside(system: System) -> tuple[SetAside, ...]:
    try:
        answer: Any = system.redis.hscan(keys.QUARANTINE, count=SHOWN)
    except (RedisError, OSError):
        return ()
    found: dict[bytes, bytes] = answer[1]
    return tuple(_entry(name, note) for name, note in sorted(found.items())[:SHOWN])


def _entry(name: bytes, text: bytes) -> SetAside:
    try:
        note = json.loads(text.decode("utf-8", "replace"))
        told = {key: mask_text(str(note.get(key, ""))) for key in ("reason", "place")}
        told["at"] = _instant(note.get("at", ""))
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError):
        told = {"reason": "nothing readable was noted", "place": "", "at": ""}
    return SetAside(name=name.decode("utf-8", "replace"), **told)


def _instant(at: Any) -> str:
    """Scripts note the server's clock in milliseconds."""
    return instant(at).isoformat() if isinstance(at, int | float) else mask_text(str(at))
