"""All that a worker waits for, in one place: its children, Redis, and signals."""

from __future__ import annotations

import logging
import os
import selectors
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from app import keys
from app.connection import Wake

log = logging.getLogger("rota.worker")

WAKE_AGAIN_SECONDS = 0.2
WAKE, COMMANDS, SIGNALS, ANSWERS = "wake", "commands", "signals", "answers"


class Listener:
    """Waits on descriptors only, so that whatever comes first ends the wait at once.

    `on_command` gets what RQ's commands publish on the worker's channel.
    """

    def __init__(
        self, redis: Redis, queues: Sequence[str], channel: str, on_command: Callable[[Any], None]
    ) -> None:
        self._redis = redis
        self._wake = Wake(redis, [keys.ready(queue) for queue in queues])
        self._channel = channel
        self._on_command = on_command
        self._pubsub: PubSub | None = None
        self._selector = selectors.DefaultSelector()
        self._descriptors: dict[str, tuple[int, int]] = {}
        self._signals, self._signals_in = os.pipe()
        os.set_blocking(self._signals, False)
        os.set_blocking(self._signals_in, False)
        self._selector.register(self._signals, selectors.EVENT_READ, SIGNALS)
        self._earlier_wakeup = signal.set_wakeup_fd(self._signals_in, warn_on_full_buffer=False)
        self.children_ended = False
        self.answers_came = False
        self._wake_again_at = 0.0

    def close(self) -> None:
        """Stop waiting for anything."""
        signal.set_wakeup_fd(self._earlier_wakeup)
        os.close(self._signals)
        os.close(self._signals_in)
        self._wake.close()
        if self._pubsub is not None:
            with suppress(RedisError, OSError):
                self._pubsub.close()
        self._selector.close()

    def add(self, sources: Mapping[int, Callable[[], None]]) -> None:
        """Call these when their descriptors can be read: what children say."""
        for descriptor, hear in sources.items():
            self._selector.register(descriptor, selectors.EVENT_READ, hear)

    def remove(self, descriptors: Iterable[int]) -> None:
        """Listen to them no more; before another child can get their numbers."""
        for descriptor in descriptors:
            with suppress(KeyError, ValueError, OSError):
                self._selector.unregister(descriptor)

    def connect(self) -> None:
        """Hear commands, again where the connection was lost. Raises redis errors."""
        connection: Any = self._pubsub.connection if self._pubsub is not None else None
        if connection is None or connection._sock is None:
            self._pubsub = pubsub = self._redis.pubsub()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
            pubsub.subscribe(**{self._channel: self._on_command})
            connection = pubsub.connection
        self._watch(COMMANDS, connection._sock.fileno())

    def expect_answers(self, descriptor: int | None, opened: int) -> None:
        """Set `answers_came` when there is something to read; `opened` counts the connections,
        for a new one may have the number of the old."""
        if descriptor is None:
            self._forget(ANSWERS)
        else:
            self._watch(ANSWERS, descriptor, opened)

    def wait(self, seconds: float, *, for_work: bool) -> str | None:
        """Hear what children say; return the list that promises work, if one does.

        A lost connection only ends the wait: who talks to Redis next finds out.
        """
        if for_work and monotonic() >= self._wake_again_at:
            with suppress(RedisError, OSError):
                self._watch(WAKE, self._wake.ask())
        work = None
        for key, _ in self._selector.select(seconds):
            if callable(key.data):
                key.data()
            elif key.data == SIGNALS:
                self._read_signals()
            elif key.data == WAKE:
                work = self._woken()
            elif key.data == ANSWERS:
                self.answers_came = True
            else:
                self._hear_commands()
        return work

    def give_back(self, work: str) -> None:
        """Let another worker have the promise that nobody here can take up. Raises redis errors."""
        self._redis.lpush(work, "1")

    def _watch(self, what: str, descriptor: int, opened: int = 0) -> None:
        if self._descriptors.get(what) != (descriptor, opened):
            self._forget(what)
            self._selector.register(descriptor, selectors.EVENT_READ, what)
            self._descriptors[what] = (descriptor, opened)

    def _forget(self, what: str) -> None:
        if what in self._descriptors:
            # A closed descriptor has left the kernel's set by itself.
            with suppress(KeyError, ValueError, OSError):
                self._selector.unregister(self._descriptors.pop(what)[0])

    def _read_signals(self) -> None:
        with suppress(BlockingIOError):
            self.children_ended |= signal.SIGCHLD in os.read(self._signals, 4096)

    def _woken(self) -> str | None:
        try:
            return self._wake.arrived()
        except (RedisError, OSError) as error:
            # A list of another type would answer so at once, again and again.
            self._wake_again_at = monotonic() + WAKE_AGAIN_SECONDS
            log.debug("No longer waiting for work: %s", error)
            self._forget(WAKE)
            return None

    def _hear_commands(self) -> None:
        try:
            while self._pubsub is not None and self._pubsub.get_message(timeout=0):
                pass
        except (RedisError, OSError) as error:
            log.debug("No longer listening to commands: %s", error)
            self._forget(COMMANDS)
            self._pubsub = None
