"""One script over a connection of its own, for a worker's hot path.

redis-py's client spends a third of a script's time on its pool and its retries; here a call is
one write and one read.
"""

from __future__ import annotations

from collections import deque
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
        self._sent: deque[tuple[list[str], list[Any], bool]] = deque()

    def __call__(self, keys: list[str], arguments: list[Any]) -> Any:
        """Return the script's answer. A lost one is asked for again; raises redis errors."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._ask("EVALSHA", self._digest, len(keys), *keys, *arguments)
            except NoScriptError:
                self._ask("SCRIPT", "LOAD", self._source)
            except (ConnectionError, TimeoutError, OSError):
                self._drop()
                if attempt == ATTEMPTS:
                    raise
        return self._ask("EVALSHA", self._digest, len(keys), *keys, *arguments)

    def send(self, keys: list[str], arguments: list[Any]) -> None:
        """Send a call without waiting for its `answer`; several may be on their way."""
        lost = False
        try:
            self._write("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except (ConnectionError, TimeoutError, OSError):
            self._drop()
            lost = True
        self._sent.append((keys, arguments, lost))

    def answer(self) -> Any:
        """Return the answer to the oldest call sent; a lost one is asked for again, as by a call.

        Raises redis errors; then `close` before anything else is sent.
        """
        keys, arguments, lost = self._sent.popleft()
        if not lost:
            try:
                return self._connection.read_response()
            except (NoScriptError, ConnectionError, TimeoutError, OSError):
                self._drop()
        return self(keys, arguments)

    def close(self) -> None:
        """Drop the connection and what was sent; the next call opens another."""
        self._drop()
        self._sent.clear()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None
        # What is on its way has no answer any more: the pool may hand out the same object again.
        self._sent = deque((keys, arguments, True) for keys, arguments, _ in self._sent)

    def _ask(self, *words: Any) -> Any:
        self._write(*words)
        return self._connection.read_response()

    def _write(self, *words: Any) -> None:
        if self._connection is None:
            self._connection = self._pool.get_connection()
        self._connection.send_packed_command([pack_command(words)])
