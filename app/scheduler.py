"""The scheduler process: rq-scheduler's Scheduler, firing each fire time exactly once.

Its API (list, count, cancel, the schedule's sorted set, birth and death) is rq-scheduler's own;
the loop is ours, because the original's three separate writes lose or double a fire when the
process dies between them (rq-scheduler 0.14: 4 of 14 points).
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq_scheduler import Scheduler as RqScheduler

from app import keeping, keys
from app.background import Background
from app.chores import Chores
from app.connection import REFUSED, Backoff, Wake
from app.due import Due, look
from app.errors import SettingsError, Unavailable
from app.firing import Firing
from app.forgetting import forget_ended, forget_workers
from app.keeping import take_over
from app.leader import Leadership
from app.limits import let_go, limits_json
from app.mending import is_garbage, mend
from app.recorder import Recorder
from app.recovery import move, recover, release, settle
from app.run_jobs import JsonJob
from app.system import System

log = logging.getLogger("rota.scheduler")

LONGEST_SLEEP = 1.0
# Computing in advance what is due sooner than this would make it late.
WORTH_PREPARING = 0.02
LONGEST_TURN = 0.0005
HEARTBEAT_TTL = 20
RECORDER_WAIT_MS = 1_000


class Scheduler(RqScheduler):  # type: ignore[misc]  # rq-scheduler has no types
    """One scheduler; any number may run, one leads."""

    def __init__(self, system: System, name: str | None = None) -> None:
        name = name or f"{socket.gethostname()}-{os.getpid()}"
        super().__init__(connection=system.redis, interval=10, name=name, job_class=JsonJob)
        self.system = system
        self.leadership = Leadership(system.redis, name)
        self._firing = Firing(system.redis)
        self.wake = Wake(system.redis, [keys.WAKE])
        self._born = datetime.now(UTC).timestamp()
        self._looked = (datetime.now(UTC), monotonic())
        self._stop = threading.Event()
        self._taken_over = False
        self._incarnation = ""
        self._chores = self._make_chores()
        self._sql_chores = keeping.chores(system)
        self._queues: tuple[str, ...] = system.settings.queues
        self._limits = limits_json(system.catalogue)

    # --- the loop --------------------------------------------------------------------------------

    def run(self, burst: bool = False) -> None:
        """Fire until stopped; with `burst` one pass over what is due.

        Redis or the database going away ends nothing: it waits and goes on. Raises SettingsError
        when Redis refuses the credentials, or before the first release.
        """
        beside = self._start_background()
        backoff = Backoff()
        try:
            while not self._stop.is_set():
                try:
                    seconds = self.tick()
                    if burst:
                        break
                    if not self.wake.wait(seconds):
                        self._fire_prepared()
                    self._said_back(backoff)
                except REFUSED as error:
                    raise SettingsError(f"Redis refuses the credentials: {error}") from error
                except (RedisError, OSError) as error:
                    if not self._mended(error):
                        delay = backoff.delay()
                        log.warning("Redis is away (%s); trying again in %.1f s", error, delay)
                        self._stop.wait(delay)
        finally:
            self._stop.set()
            self._leave()
        for each in beside:
            each.join(5)

    def tick(self) -> float:
        """Do everything that is due; return the seconds to sleep at most."""
        if self.leadership.keep() and self.leadership.lock:
            self._take_over()
        if not self.leadership.lock:
            self.heartbeat()
            return LONGEST_SLEEP
        looked = monotonic()
        due = look(self.system.redis, self.leadership.lock, self._queues)
        self._looked = (due.now, looked)
        if not due.leads:
            self.leadership.lose()
            return 0
        if self._is_new(due):
            self._take_over()
            if self._taken_over or not due.incarnation:
                return 0 if self._taken_over else LONGEST_SLEEP
        busy = self._fire(due)
        if self._limits:
            let_go(self.system.redis, self._limits)
        self._chores.run(due.now)
        return 0 if busy else self._sleep(due)

    def enqueue_jobs(self) -> list[object]:
        """Fire what is due (rq-scheduler's name for a pass)."""
        self.tick()
        return []

    def heartbeat(self) -> None:
        """Say that this scheduler lives, to our screens and to rq-scheduler's."""
        note = {"at": datetime.now(UTC).isoformat(), "leads": bool(self.leadership.lock)}
        pipeline = self.system.redis.pipeline(transaction=False)
        pipeline.hset(keys.SCHEDULERS, self.name, json.dumps(note))
        pipeline.hset(self.key, "birth", self._born)
        pipeline.expire(self.key, HEARTBEAT_TTL)
        pipeline.execute()

    def stop(self) -> None:
        """Ask the loop to end after its present pass."""
        self._stop.set()

    def install_signal_handlers(self) -> None:
        """End on SIGINT and SIGTERM. The handler only sets a flag: scripts are never cut short."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self._stop.set()

        signal.signal(signal.SIGINT, handle)
        signal.signal(signal.SIGTERM, handle)

    # --- steps -----------------------------------------------------------------------------------

    def _is_new(self, due: Due) -> bool:
        """Tell whether Redis has other content than what was taken over, or lacks some of it."""
        if not due.incarnation:
            return True
        return self._taken_over and (due.incarnation != self._incarnation or due.mended)

    def _take_over(self) -> None:
        """Take over before anything fires; without the database, fire what Redis has meanwhile."""
        self._taken_over = False
        try:
            self._incarnation = take_over(self.system, datetime.now(UTC))
            self._taken_over = True
            # With 10,000 schedules a collection that looks at all of them stops a fire for 200 ms.
            gc.collect()
            gc.freeze()
        except Unavailable as error:
            log.warning("Taking over without the database, which is away: %s", error)

    def _mended(self, error: Exception) -> bool:
        """Set aside what a command stumbled over; tell whether that is why it failed."""
        try:
            return is_garbage(error) and mend(self.system.redis, self._queues) > 0
        except (RedisError, OSError):
            return False

    def _keep(self) -> None:
        """One step of the work on SQL, in a thread of its own."""
        if not self._taken_over:
            self._incarnation = take_over(self.system, datetime.now(UTC))
            self._taken_over = True
        self._sql_chores.run(datetime.now(UTC))
        self._stop.wait(max(self._sql_chores.seconds_left(), 0.05))

    def _start_background(self) -> list[Background]:
        # A thread beside the loop holds the interpreter for 5 ms at a time: too long for a fire.
        sys.setswitchinterval(LONGEST_TURN)
        recorder = Recorder(self.system.redis, self.system.database)
        made = [
            Background(name, step, lambda: bool(self.leadership.lock), self._stop)
            for name, step in (
                ("recorder", lambda: recorder.step(RECORDER_WAIT_MS)),
                ("keeper", self._keep),
            )
        ]
        for each in made:
            each.start()
        return made

    def _fire(self, due: Due) -> bool:
        if due.runs:
            move(self.system.redis, due.runs)
        if not due.schedules:
            return bool(due.runs)
        outcomes = self._firing.fire(self.leadership.lock, due)
        self._fired(outcomes)
        # PAUSED and STALE ones are about to be settled by whoever changed them.
        return bool(set(outcomes) - {"PAUSED", "STALE"})

    def _fire_prepared(self) -> None:
        if self.leadership.lock:
            self._fired(self._firing.fire_prepared(self.leadership.lock, self._server_now()))

    def _server_now(self) -> datetime:
        """Return the server's clock, as far as it has gone on since the last look: hosts differ."""
        now, looked = self._looked
        return now + timedelta(seconds=monotonic() - looked)

    def _fired(self, outcomes: Mapping[str, int]) -> None:
        if outcomes.get("FENCED"):
            self.leadership.lose()
        if outcomes.get("FIRED"):
            log.debug("Fired %d", outcomes["FIRED"])

    def _sleep(self, due: Due) -> float:
        """Return how long nothing is due, after computing what will be due then."""
        longest = min(LONGEST_SLEEP, max(self._chores.seconds_left(), 0.01))
        if due.next_due is None:
            return longest
        ahead = (due.next_due - due.now).total_seconds()
        if WORTH_PREPARING < ahead <= longest:
            self._firing.prepare(ahead + WORTH_PREPARING)
        return min(longest, max((due.next_due - self._server_now()).total_seconds(), 0))

    def _make_chores(self) -> Chores:
        redis, chores = self.system.redis, Chores()
        chores.every(1, lambda _now: mend(redis, self._queues))
        chores.every(2, lambda now: recover(redis, now.timestamp()))
        chores.every(2, lambda _now: self.heartbeat())
        chores.every(5, lambda _now: release(redis))
        chores.every(1, lambda _now: settle(redis))
        chores.every(5, lambda _now: let_go(redis, self._limits, everywhere=True))
        chores.every(5, lambda _now: self._find_queues())
        chores.every(30, lambda now: forget_ended(redis, self._queues, now.timestamp()))
        chores.every(60, lambda _now: forget_workers(redis, self._queues))
        return chores

    def _find_queues(self) -> None:
        names: Any = self.system.redis.smembers(keys.QUEUES)
        found = {name.decode("utf-8", "replace").removeprefix("rq:queue:") for name in names}
        self._queues = tuple(sorted(found | set(self.system.settings.queues)))

    def _leave(self) -> None:
        self.wake.close()
        self._firing.close()
        try:
            self.leadership.resign()
            self.system.redis.hdel(keys.SCHEDULERS, self.name)
            self.system.redis.delete(self.key)
        except (RedisError, OSError) as error:
            log.warning("Left without telling Redis: %s", error)

    def _said_back(self, backoff: Backoff) -> None:
        away = backoff.reset()
        if away is not None:
            log.info("Redis is back after %.1f s", away)
