"""Keys that somebody overwrote with something else are set aside whole, and what we keep goes on.

The scripts do so themselves with what they meet (prelude.lua); this is for all other commands.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from redis import Redis
from redis.exceptions import RedisError

from app import keys, scripts

log = logging.getLogger("rota.quarantine")


def mend(redis: Redis, queues: Iterable[str] = (), further: Mapping[str, str] | None = None) -> int:
    """Set aside every key of the engine and of these queues that is of another type than it
    should be; return how many. `further` names more keys with their types.
    """
    wanted = {**keys.TYPES, **(further or {})}
    for name in queues:
        wanted |= keys.queue_types(name)
    pairs: list[str | bytes | int | float] = [part for pair in wanted.items() for part in pair]
    found = int(scripts.run("mend", redis, [], pairs))
    if found:
        log.error("Set aside %d keys of the wrong type; see the Queues page", found)
    return found


def is_garbage(error: Exception) -> bool:
    """Tell whether a command failed for what it found in its key, not because Redis is away."""
    signs = ("WRONGTYPE", "not an integer", "overflow")
    return isinstance(error, RedisError) and any(sign in str(error) for sign in signs)


def set_key_aside(redis: Redis, key: str | bytes, reason: str) -> None:
    """Set a whole key aside, of whatever type it is."""
    if scripts.run("set_key_aside", redis, [key], [reason[:500]]):
        log.error("Set aside %.100r: %s", key, reason)
