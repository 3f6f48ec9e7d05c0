"""Kill an operation before and after each of its steps, all of them, one after the other.

A step is a round trip to Redis or a commit in SQL. The operation runs in a forked process that
sends itself SIGKILL, which no `except` and no `finally` can soften.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from redis.connection import AbstractConnection
from sqlalchemy import Connection, event

from app.records.database import open_database
from app.system import System


@dataclass(frozen=True)
class Point:
    """The `number`-th step; `after` it, or before."""

    number: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} step {self.number}"


@dataclass
class _Bomb:
    point: Point
    seen: int = 0
    steps: list[str] = field(default_factory=list)

    def before(self) -> None:
        self.seen += 1
        if self.seen == self.point.number and not self.point.after:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self) -> None:
        if self.seen == self.point.number and self.point.after:
            os.kill(os.getpid(), signal.SIGKILL)


def killed_at_each_step(
    system: System,
    prepare: Callable[[], None],
    operation: Callable[[System], object],
    every: int = 1,
) -> Iterator[Point]:
    """Yield after each kill, for the caller to recover and check; ends when a run survives.

    `prepare` sets the scene before each; `operation` gets a system with connections of its own;
    `every` makes it a sample.
    """
    for number in count(1, every):
        for after in (False, True):
            point = Point(number, after)
            prepare()
            if _dies(system, operation, point):
                yield point
            elif not after:
                return
            # A commit has no moment of its own after it: that is the one before the next step.


def _dies(system: System, operation: Callable[[System], object], point: Point) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            _arm(_Bomb(point))
            operation(_own(system))
        except BaseException as error:
            os.write(2, f"the operation itself failed {point}: {error!r}\n".encode())
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, f"the operation itself failed, {point}"
    return False


def _own(system: System) -> System:
    """A system with fresh connections: the parent's are not for the child to use."""
    database = open_database(system.settings.database_url)
    event.listen(database, "commit", _before_commit)
    return System(system.settings, system.catalogue, system.redis, database)


_armed: list[_Bomb] = []


def _before_commit(_connection: Connection) -> None:
    _armed[0].before()


def _arm(bomb: _Bomb) -> None:
    _armed[:] = [bomb]
    send = AbstractConnection.send_packed_command
    read = AbstractConnection.read_response

    def sending(self: Any, command: Any, *args: Any, **options: Any) -> Any:
        bomb.before()
        return send(self, command, *args, **options)  # type: ignore[no-untyped-call]  # redis-py

    def reading(self: Any, *args: Any, **options: Any) -> Any:
        answer = read(self, *args, **options)
        bomb.after()
        return answer

    for kind in [AbstractConnection, *_subclasses(AbstractConnection)]:
        if "send_packed_command" in vars(kind):
            kind.send_packed_command = sending
        if "read_response" in vars(kind):
            kind.read_response = reading


def _subclasses(kind: type) -> list[Any]:
    found: list[Any] = []
    children: list[Any] = kind.__subclasses__()
    for child in children:
        found += [child, *_subclasses(child)]
    return found
