"""One script over a connection of its own, for a worker's hot path.

redis-py's client spends a third of a script's time on its pool and its retries; here a call is
one write and one read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from hiredis import pack_command
from redis import Redis
from redis.exceptions import ConnectionError, NoScriptError, TimeoutError

from app import scripts

ATTEMPTS = 3


class ScriptLine:
    """Calls the script `name`, which must change nothing when the same call is made again."""

    def __init__(self, client: Redis, name: str) -> None:
        self._pool = client.connection_pool
        self._source = scripts.source(name)
        self._digest = scripts.digest(name)
        self._connection: Any = None
        self._sent: deque[tuple[list[str], list[Any]]] = deque()
        self._lost = False
        # How many connections it has opened.
        self.opened = 0

    @property
    def descriptor(self) -> int | None:
        """What can be read once an answer arrives; None where nobody would notice."""
        if self._connection is None or self._lost or self._connection._sock is None:
            return None
        return int(self._connection._sock.fileno())

    @property
    def answered(self) -> bool:
        """Whether an answer has arrived, or none will."""
        try:
            return self.descriptor is None or bool(self._connection.can_read(timeout=0))
        except (ConnectionError, OSError):
            return True

    def __call__(self, keys: list[str], arguments: list[Any]) -> Any:
        """Return the script's answer. A lost one is asked for again; raises redis errors."""

        def ask() -> Any:
            self._evaluate(keys, arguments)
            return self._connection.read_response()

        return self._persist(ask)

    def send(self, keys: list[str], arguments: list[Any]) -> None:
        """Send a call without waiting for its `answer`; several may be on their way."""
        self._sent.append((keys, arguments))
        if not self._lost:
            try:
                self._evaluate(keys, arguments)
            except (ConnectionError, TimeoutError, OSError):
                self._drop()

    def answer(self) -> Any:
        """Return the answer to the oldest call sent; a lost one is asked for again, as by a call.

        Raises redis errors; then `close` before anything else is sent.
        """
        answer = self._persist(self._oldest_answer)
        self._sent.popleft()
        return answer

    def close(self) -> None:
        """Drop the connection and what was sent; the next call opens another."""
        self._sent.clear()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None
        # What is on its way has no answer any more. All of it is sent again, in order, before
        # anything that comes later: answers bear no name, only their place tells whose they are.
        self._lost = bool(self._sent)

    def _oldest_answer(self) -> Any:
        if self._lost:
            for keys, arguments in self._sent:
                self._evaluate(keys, arguments)
            self._lost = False
        return self._connection.read_response()

    def _persist(self, ask: Callable[[], Any]) -> Any:
        for left in reversed(range(ATTEMPTS)):
            try:
                return self._loading(ask)
            except (ConnectionError, TimeoutError, OSError):
                self._drop()
                if not left:
                    raise
        raise AssertionError("the last attempt answers or raises")

    def _loading(self, ask: Callable[[], Any]) -> Any:
        """Ask; where the server does not know the script (any more), tell it and ask again."""
        try:
            return ask()
        except NoScriptError:
            self._drop()
            self._write("SCRIPT", "LOAD", self._source)
            self._connection.read_response()
            return ask()

    def _evaluate(self, keys: list[str], arguments: list[Any]) -> None:
        self._write("EVALSHA", self._digest, len(keys), *keys, *arguments)

    def _write(self, *words: Any) -> None:
        if self._connection is None:
            self._connection = self._pool.get_connection()
            self.opened += 1
        self._connection.send_packed_command([pack_command(words)])
