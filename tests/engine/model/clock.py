"""A clock for the scripts that a test sets, and crashes between any two steps.

A step is a command to Redis, its answer, or a commit in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from redis import Redis
from redis.connection import AbstractConnection
from sqlalchemy import Connection, Engine, event

from app import scripts

CLOCK = "test:clock"


class Crash(BaseException):
    """The process ends here; no `except` of the engine's may catch it."""


class Bomb:
    """Goes off at the given number of steps from now, once."""

    def __init__(self) -> None:
        self.left: int | None = None

    def step(self, *_: Any) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left <= 0:
            self.left = None
            raise Crash


def set_clock(redis: Redis, now: datetime) -> None:
    """Let the scripts read this time instead of the server's."""
    seconds, micro = divmod(round(now.timestamp() * 1_000_000), 1_000_000)
    pipeline = redis.pipeline(transaction=True)
    pipeline.delete(CLOCK)
    pipeline.rpush(CLOCK, seconds, micro)
    pipeline.execute()


@contextmanager
def scripts_by_clock(changes: dict[str, str] | None = None) -> Iterator[None]:
    """Let every script go by the test's clock; `changes` plants texts for others in them."""
    original = scripts.source
    for text in changes or {}:
        assert any(text in path.read_text() for path in scripts.FOLDER.glob("*.lua")), text
    swaps = {"redis.call('TIME')": f"redis.call('LRANGE', '{CLOCK}', 0, 1)", **(changes or {})}

    def source(name: str) -> str:
        text = original(name)
        for old, new in swaps.items():
            text = text.replace(old, new)
        return text

    setattr(scripts, "source", source)  # noqa: B010 - mypy lets no function be assigned
    scripts._script.cache_clear()
    try:
        yield
    finally:
        setattr(scripts, "source", original)  # noqa: B010 - mypy forbids assigning it
        scripts._script.cache_clear()


@contextmanager
def armed(bomb: Bomb, database: Engine) -> Iterator[None]:
    """Let the bomb count the steps of every connection, until the end."""
    kept = [
        (kind, name, vars(kind)[name])
        for kind in [AbstractConnection, *_subclasses(AbstractConnection)]
        for name in ("send_packed_command", "read_response")
        if name in vars(kind)
    ]
    for kind, name, method in kept:
        setattr(kind, name, _counting(bomb, method, before=name == "send_packed_command"))

    def before_commit(_connection: Connection) -> None:
        bomb.step()

    event.listen(database, "commit", before_commit)
    try:
        yield
    finally:
        event.remove(database, "commit", before_commit)
        for kind, name, method in kept:
            setattr(kind, name, method)


def _counting(bomb: Bomb, method: Any, *, before: bool) -> Any:
    def counted(self: Any, *args: Any, **options: Any) -> Any:
        if before:
            bomb.step()
        answer = method(self, *args, **options)
        if not before:
            bomb.step()
        return answer

    return counted


def _subclasses(kind: type) -> list[type]:
    children: list[type] = kind.__subclasses__()
    return [found for child in children for found in (child, *_subclasses(child))]
