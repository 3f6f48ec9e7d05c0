"""One script over a connection of its own, for a worker's hot path.

redis-py's client spends a third of a script's time on its pool and its retries; here a call is
one write and one read.
"""

from __future__ import annotations

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

    def __call__(self, keys: list[str], arguments: list[Any]) -> Any:
        """Return the script's answer. A lost one is asked for again; raises redis errors."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._ask("EVALSHA", self._digest, len(keys), *keys, *arguments)
            except NoScriptError:
                self._ask("SCRIPT", "LOAD", self._source)
            except (ConnectionError, TimeoutError, OSError):
                self.close()
                if attempt == ATTEMPTS:
                    raise
        return self._ask("EVALSHA", self._digest, len(keys), *keys, *arguments)

    def close(self) -> None:
        """Drop the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None

    def _ask(self, *words: Any) -> Any:
        if self._connection is None:
            self._connection = self._pool.get_connection()
        self._connection.send_packed_command([pack_command(words)])
        return self._connection.read_response()
