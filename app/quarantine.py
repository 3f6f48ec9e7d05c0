"""What cannot be handled is set aside whole, shown, and never read as code."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

from redis import Redis

from app import keys, scripts

log = logging.getLogger("rota.quarantine")


def set_aside(
    redis: Redis,
    place: str,
    member: bytes | str,
    reason: str,
    now: datetime,
) -> None:
    """Move `member` out of the list or zset `place`, with the reason for a person to read."""
    name = member.decode("utf-8", "backslashreplace") if isinstance(member, bytes) else member
    note = json.dumps({"reason": reason[:500], "at": now.isoformat(), "place": place})
    if scripts.run("set_aside", redis, [place], [member, f"{place} {name}"[:500], note]):
        log.error("Set aside %.100r from %s: %s", name, place, reason)


def entries(redis: Redis, limit: int = 100) -> list[dict[str, Any]]:
    """Return what stands in quarantine, as {name, reason, at, place}."""
    answer: Any = redis.hscan(keys.QUARANTINE, count=limit)
    found: dict[bytes, bytes] = answer[1]
    return [
        {**_note(note), "name": name.decode("utf-8", "replace")}
        for name, note in list(found.items())[:limit]
    ]


def _note(text: bytes) -> dict[str, Any]:
    try:
        note = json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        note = None
    return note if isinstance(note, dict) else {"reason": "nothing readable was noted"}
