"""How every process connects to Redis, and how one waits on it without polling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.connection import AbstractConnection
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.errors import SettingsError, Unavailable
from app.sentinel import SCHEME, SentinelAddress, parse_sentinel

SOCKET_TIMEOUT = 5.0
CONNECT_TIMEOUT = 3.0
# Our writes are scripts that change nothing the second time, so a lost answer may be asked for
# again; a third attempt adds delay but no chance.
RETRIES = 2

# poll() counts in whole milliseconds and rounds up; a sleep is exact to 0.1 ms.
POLL_RESOLUTION = 0.002

# Small plans allow 20 connections: each process says what it may hold (pool size).
CONNECTIONS = {"web": 4, "worker": 3, "scheduler": 4, "cli": 2}

AWAY = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError, OutOfMemoryError)
REFUSED = (AuthenticationError, AuthorizationError)


def connect(url: str, process: str = "cli") -> Redis:
    """Return a client for `url`; nothing is sent until the first command."""
    options: dict[str, Any] = {
        "client_name": f"rota-{process}",
        "socket_timeout": SOCKET_TIMEOUT,
        "socket_connect_timeout": CONNECT_TIMEOUT,
        "health_check_interval": 0,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), RETRIES),
        "max_connections": CONNECTIONS[process] * 4,
    }
    if not url.startswith("unix"):
        options["socket_keepalive"] = True
    if url.startswith(SCHEME):
        return _primary(parse_sentinel(url), options)
    return Redis.from_url(url, **options)


def _primary(address: SentinelAddress, options: dict[str, Any]) -> Redis:
    """Return a client of whichever server is the primary: every connection asks a Sentinel."""
    asking = {
        "socket_timeout": CONNECT_TIMEOUT,
        "socket_connect_timeout": CONNECT_TIMEOUT,
        # The next Sentinel is asked instead.
        "retry": Retry(NoBackoff(), 0),
    }
    sentinels = Sentinel(list(address.sentinels), sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # the same
    client: Redis = sentinels.master_for(  # type: ignore[no-untyped-call]  # the same
        address.service,
        db=address.database,
        username=address.username,
        password=address.password,
        **options,
    )
    return client


@contextmanager
def asking_redis() -> Iterator[None]:
    """Turn "Redis is away" into Unavailable and refused credentials into SettingsError."""
    try:
        yield
    except REFUSED as error:
        raise SettingsError(f"Redis refuses the credentials in REDIS_URL: {error}") from error
    except AWAY as error:
        raise Unavailable("Redis", str(error)) from error
    except RedisError as error:
        # MISCONF (the disk is full), CLUSTERDOWN, …: the server is there but cannot serve.
        raise Unavailable("Redis", str(error)) from error


class Wake:
    """Waits for an element on any of some lists, with the time-out kept on our side.

    A server-side blocking time-out returns 40 to 100 ms late; here BLPOP blocks for ever and we
    stop looking at the socket instead, leaving the command standing for the next wait.
    """

    def __init__(self, client: Redis, keys: list[str]) -> None:
        self._pool = client.connection_pool
        self._keys = keys
        self._connection: Any = None
        self._asked = False

    def wait(self, seconds: float) -> bool:
        """Return True as soon as something arrived, False after `seconds`.

        Raises redis ConnectionError when the connection broke; the next call opens a new one.
        """
        until = monotonic() + seconds
        self.ask()
        try:
            arrived = self._connection.can_read(timeout=max(seconds - POLL_RESOLUTION, 0))
            if not arrived and (left := until - monotonic()) > 0:
                sleep(left)
                arrived = self._connection.can_read(timeout=0)
            if not arrived:
                return False
        except (RedisError, OSError):
            self.close()
            raise
        self.arrived()
        return True

    def ask(self) -> int:
        """Let the command stand; return the descriptor that is readable when it is answered.

        Raises as `wait` does.
        """
        try:
            connection = self._ready_connection()
            if not self._asked:
                connection.send_command("BLPOP", *self._keys, 0)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
                self._asked = True
        except (RedisError, OSError):
            self.close()
            raise
        return int(self._connection._sock.fileno())

    def arrived(self) -> str:
        """Return the list from which the element came that the readable descriptor promised.

        Raises as `wait` does.
        """
        try:
            answer = self._connection.read_response()
        except (RedisError, OSError):
            self.close()
            raise
        self._asked = False
        name: bytes = answer[0]
        return name.decode()

    def close(self) -> None:
        """Drop the connection, and with it the standing command."""
        if self._connection is not None:
            self._connection.disconnect()
            self._pool.release(self._connection)
            self._connection = None
        self._asked = False

    def _ready_connection(self) -> AbstractConnection:
        if self._connection is None:
            self._connection = self._pool.get_connection()
            self._asked = False
        connection: AbstractConnection = self._connection
        return connection


class Backoff:
    """Delays between attempts at something that is away: 0.1 s doubling to 5 s."""

    def __init__(self, first: float = 0.1, cap: float = 5.0) -> None:
        self._first, self._cap = first, cap
        self._next = first
        self._since = monotonic()

    def delay(self) -> float:
        """Return the seconds to wait before the next attempt."""
        if self._next == self._first:
            self._since = monotonic()
        delay, self._next = self._next, min(self._next * 2, self._cap)
        return delay

    def reset(self) -> float | None:
        """Start over; return how many seconds it was away, None if it was not."""
        away = monotonic() - self._since if self._next != self._first else None
        self._next = self._first
        return away
