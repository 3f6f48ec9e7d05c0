"""The scheduler process: rq-scheduler's Scheduler, firing each fire time exactly once.

Its API (list, count, cancel, the schedule's sorted set, birth and death) is rq-scheduler's own;
the loop is ours, because the original's three separate writes lose or double a fire when the
process dies between them (rq-scheduler 0.14: 4 of 14 points).
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq_scheduler import Scheduler as RqScheduler

from app import actions, keys
from app.backfill import feed
from app.chores import Chores
from app.connection import REFUSED, Backoff, Wake
from app.errors import SettingsError, Unavailable
from app.firing import Due, fire, look
from app.incarnation import recognise, restart_lost_runs
from app.leader import Leadership
from app.outbox import sweep
from app.reconcile import reconcile
from app.recorder import Recorder
from app.records.database import writing
from app.records.releases import adopt_catalogue, newest_release
from app.records.retention import prune
from app.recovery import move, recover, release
from app.run_jobs import JsonJob
from app.system import System

log = logging.getLogger("rota.scheduler")

LONGEST_SLEEP = 1.0
HEARTBEAT_TTL = 20
RECORDER_WAIT_MS = 1_000


class Scheduler(RqScheduler):  # type: ignore[misc]  # rq-scheduler has no types
    """One scheduler; any number may run, one leads."""

    def __init__(self, system: System, name: str | None = None) -> None:
        name = name or f"{socket.gethostname()}-{os.getpid()}"
        super().__init__(connection=system.redis, interval=10, name=name, job_class=JsonJob)
        self.system = system
        self.leadership = Leadership(system.redis, name)
        self.wake = Wake(system.redis, [keys.WAKE])
        self._born = datetime.now(UTC).timestamp()
        self._stop = threading.Event()
        self._recorder_error: Exception | None = None
        self._chores = self._make_chores()
        self._queues: tuple[str, ...] = system.settings.queues

    # --- the loop --------------------------------------------------------------------------------

    def run(self, burst: bool = False) -> None:
        """Fire until stopped; with `burst` one pass over what is due.

        Redis or the database going away ends nothing: it waits and goes on. Raises SettingsError
        when Redis refuses the credentials.
        """
        recorder = threading.Thread(target=self._record, name="recorder", daemon=True)
        recorder.start()
        backoff = Backoff()
        try:
            while not self._stop.is_set():
                try:
                    seconds = self.tick()
                    if burst:
                        break
                    self.wake.wait(seconds)
                    self._said_back("Redis", backoff)
                except REFUSED as error:
                    raise SettingsError(f"Redis refuses the credentials: {error}") from error
                except (RedisError, OSError, Unavailable) as error:
                    self._wait_out(error, backoff)
        finally:
            self._stop.set()
            recorder.join(timeout=5)
            self._leave()
        if self._recorder_error is not None:
            raise self._recorder_error

    def tick(self) -> float:
        """Do everything that is due; return the seconds to sleep at most."""
        if self.leadership.keep() and self.leadership.lock:
            self._take_over()
        if not self.leadership.lock:
            self.heartbeat()
            return LONGEST_SLEEP
        due = look(self.system.redis, self.leadership.lock, self._queues)
        if not due.leads:
            self.leadership.lose()
            return 0
        if not due.incarnation:
            self._take_over()
            return 0
        busy = self._fire(due)
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

    def _take_over(self) -> None:
        """Before anything fires: recognise Redis, adopt the release, mirror decisions."""
        now = datetime.now(UTC)
        new = recognise(self.system.redis, self.system.database, now)
        with writing(self.system.database) as connection:
            release = newest_release(connection)
            if release is None:
                raise SettingsError("Nothing was released yet: run `python -m app release` first.")
            if release.catalogue_hash == self.system.catalogue.hash:
                adopt_catalogue(connection, self.system.catalogue, now)
            else:
                log.warning("The newest release is of other code than mine: I fire what it says")
        changed = reconcile(self.system, now)
        log.info("Took over: %d schedules changed%s", changed, ", Redis was new" if new else "")

    def _fire(self, due: Due) -> bool:
        if due.runs:
            move(self.system.redis, due.runs)
        if not due.schedules:
            return bool(due.runs)
        outcomes = fire(self.system.redis, self.leadership.lock, due)
        if outcomes.get("FENCED"):
            self.leadership.lose()
        fired = outcomes.get("FIRED", 0)
        if fired:
            log.debug("Fired %d", fired)
        # PAUSED and STALE ones are about to be settled by whoever changed them.
        return bool(set(outcomes) - {"PAUSED", "STALE"})

    def _sleep(self, due: Due) -> float:
        longest = min(LONGEST_SLEEP, max(self._chores.seconds_left(), 0.01))
        if due.next_due is None:
            return longest
        return min(longest, max((due.next_due - due.now).total_seconds(), 0))

    def _make_chores(self) -> Chores:
        system, chores = self.system, Chores()
        chores.every(1, lambda now: actions.end_expired_pauses(system, now))
        chores.every(2, lambda now: recover(system.redis, now.timestamp()))
        chores.every(2, lambda _now: self.heartbeat())
        chores.every(5, lambda _now: release(system.redis))
        chores.every(3, lambda now: sweep(system, now))
        chores.every(5, lambda now: restart_lost_runs(system, now))
        chores.every(1, lambda now: feed(system, now))
        chores.every(30, self._refresh)
        days = system.settings.run_retention_days
        chores.every(60, lambda now: prune(system.database, days, now))
        return chores

    def _refresh(self, now: datetime) -> None:
        with writing(self.system.database) as connection:
            release = newest_release(connection)
            if release and release.catalogue_hash == self.system.catalogue.hash:
                adopt_catalogue(connection, self.system.catalogue, now)
        reconcile(self.system, now)
        found = {name.decode().removeprefix("rq:queue:") for name in self._all_queues()}
        self._queues = tuple(sorted(found | set(self.system.settings.queues)))

    def _all_queues(self) -> set[bytes]:
        names: Any = self.system.redis.smembers(keys.QUEUES)
        return set(names)

    def _leave(self) -> None:
        self.wake.close()
        try:
            self.leadership.resign()
            self.system.redis.hdel(keys.SCHEDULERS, self.name)
            self.system.redis.delete(self.key)
        except (RedisError, OSError) as error:
            log.warning("Left without telling Redis: %s", error)

    # --- the recorder's thread -------------------------------------------------------------------

    def _record(self) -> None:
        recorder = Recorder(self.system.redis, self.system.database)
        backoff = Backoff()
        while not self._stop.is_set():
            if not self.leadership.lock:
                self._stop.wait(0.2)
                continue
            try:
                recorder.step(RECORDER_WAIT_MS)
                self._said_back("What the recorder needs", backoff)
            except (RedisError, OSError, Unavailable) as error:
                self._wait_out(error, backoff)
            except Exception as error:
                # Without a recorder the history would stand still unseen: end, and be restarted.
                self._recorder_error = error
                self._stop.set()

    def _wait_out(self, error: Exception, backoff: Backoff) -> None:
        delay = backoff.delay()
        log.warning("%s; trying again in %.1f s", error, delay)
        self._stop.wait(delay)

    def _said_back(self, what: str, backoff: Backoff) -> None:
        away = backoff.reset()
        if away is not None:
            log.info("%s is back after %.1f s", what, away)
