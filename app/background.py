"""Work beside a loop: a thread that repeats one step and waits out whatever is away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from redis.exceptions import RedisError

from app.connection import Backoff
from app.errors import Unavailable

log = logging.getLogger("rota.scheduler")


class Background:
    """Repeats `step` while `wanted()`, until `stop` is set.

    Redis or the database going away is waited out. Anything else is kept in `error` and sets
    `stop`: the process must not go on without this work unseen.
    """

    def __init__(
        self, name: str, step: Callable[[], object], wanted: Callable[[], bool], stop: Event
    ) -> None:
        self.error: Exception | None = None
        self._step, self._wanted, self._stop = step, wanted, stop
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait for its end, and raise what ended it if that was an error."""
        self._thread.join(timeout=seconds)
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stop.is_set():
            try:
                if not self._wanted():
                    self._stop.wait(0.2)
                    continue
                self._step()
                away = backoff.reset()
                if away is not None:
                    log.info("The %s goes on after %.1f s", self._thread.name, away)
            except (RedisError, OSError, Unavailable) as error:
                delay = backoff.delay()
                log.warning("The %s waits %.1f s: %s", self._thread.name, delay, error)
                self._stop.wait(delay)
            except Exception as error:
                self.error = error
                self._stop.set()
