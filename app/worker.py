"""The worker process: an RQ worker that reads JSON only and runs only what the catalogue lists.

It is started, listed, suspended and stopped like any RQ worker. Its loop is ours, because RQ's
loses a job when the worker dies between taking it from one of several queues and starting it
(rq#1716), and fails a job whose worker is redeployed.
"""

from __future__ import annotations

import logging
import os
import signal
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic, sleep
from types import FrameType
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError
from rq.executions import Execution
from rq.serializers import JSONSerializer
from rq.utils import utcformat
from rq.worker import DequeueStrategy, WorkerStatus
from rq.worker import Worker as RqWorker

from app import keys
from app.connection import REFUSED, Backoff, Wake
from app.errors import SettingsError
from app.execution import RunExecution
from app.outcomes import Outcome
from app.run_jobs import JsonJob
from app.system import System
from app.taking import Taken, take

log = logging.getLogger("rota.worker")

BEAT_SECONDS = 5.0
# Heroku kills 30 s after SIGTERM: runs have 20 s to end, then they go back to their queue.
DRAIN_SECONDS = 20.0
IDLE_WAIT = 1.0
WORKER_TTL = 60


class Worker(RqWorker):
    """One worker, one run at a time, each in a process of its own."""

    def __init__(
        self, queues: Any, *args: Any, system: System | None = None, **options: Any
    ) -> None:
        options |= {"serializer": JSONSerializer, "job_class": JsonJob, "worker_ttl": WORKER_TTL}
        super().__init__(queues, *args, **options)
        self._given_system = system
        self._current: RunExecution | None = None
        self._drain_until: float | None = None
        self._beat_at = 0.0
        self._suspended = False

    @cached_property
    def system(self) -> System:
        """The catalogue and connections; only a worker that works needs them, not `rq info`."""
        return self._given_system or System.open(process="worker")

    # --- the loop --------------------------------------------------------------------------------

    def work(
        self,
        burst: bool = False,
        logging_level: str | None = None,
        date_format: str = "",
        log_format: str = "",
        max_jobs: int | None = None,
        max_idle_time: int | None = None,
        with_scheduler: bool = False,
        dequeue_strategy: DequeueStrategy = DequeueStrategy.DEFAULT,
    ) -> bool:
        """Run jobs until stopped, or as the limits say; return whether any ran.

        Redis going away ends nothing. Raises SettingsError when it refuses the credentials.
        """
        del logging_level, date_format, log_format, with_scheduler
        self._dequeue_strategy = dequeue_strategy
        _ = self.system
        self._install_signal_handlers()
        self._begin()
        wake = Wake(self.connection, [keys.ready(queue.name) for queue in self.queues])
        done, idle_since, backoff = 0, monotonic(), Backoff()
        try:
            while not self._stop_requested and (max_jobs is None or done < max_jobs):
                try:
                    worked = not self._is_suspended() and self._work_once()
                    backoff.reset()
                    if worked:
                        done, idle_since = done + 1, monotonic()
                    elif burst or (max_idle_time and monotonic() - idle_since >= max_idle_time):
                        break
                    else:
                        wake.wait(IDLE_WAIT)
                except REFUSED as error:
                    raise SettingsError(f"Redis refuses the credentials: {error}") from error
                except (RedisError, OSError) as error:
                    delay = backoff.delay()
                    log.warning("Redis is away (%s); trying again in %.1f s", error, delay)
                    sleep(delay)
        finally:
            wake.close()
            self._end()
        return done > 0

    def _work_once(self) -> bool:
        self._beat()
        taken = take(self.connection, self.system.catalogue, self.name, self._queue_order())
        if taken is None:
            return False
        self._run(taken)
        return True

    def _queue_order(self) -> list[str]:
        return [queue.name for queue in self._ordered_queues]

    def _run(self, taken: Taken) -> None:
        queue = next(q for q in self.queues if q.name == taken.queue)
        self.reorder_queues(reference_queue=queue)
        log.info("Run %s starts (attempt %d)", taken.run_id, taken.attempt)
        self._current = RunExecution(self.connection, taken, self.name)
        self.executions[taken.execution_id] = Execution(
            taken.execution_id, taken.run_id, self.connection, self.name
        )
        try:
            self._supervise(self._current)
        finally:
            self.executions.pop(taken.execution_id, None)
            self._horse_pid = 0
            self._current = None

    def _supervise(self, execution: RunExecution) -> None:
        execution.start()
        self._horse_pid = execution.pid
        told_to_stop = False
        while not execution.ended:
            execution.step()
            self._beat_quietly()
            if self._drain_until is not None:
                if not told_to_stop:
                    execution.request_stop()
                    told_to_stop = True
                if monotonic() > self._drain_until:
                    execution.end(Outcome("interrupted", reason="its worker had to stop"))
        execution.finish()

    # --- life signs ------------------------------------------------------------------------------

    def _begin(self) -> None:
        backoff = Backoff()
        while not self._stop_requested:
            try:
                self.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
                self.subscribe()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
                self.set_state(WorkerStatus.IDLE)
                break
            except REFUSED as error:
                raise SettingsError(f"Redis refuses the credentials: {error}") from error
            except (RedisError, OSError) as error:
                delay = backoff.delay()
                log.warning("Redis is away (%s); trying again in %.1f s", error, delay)
                sleep(delay)
        log.info("Worker %s listens on %s", self.name, ", ".join(self.queue_names()))

    def _end(self) -> None:
        try:
            self.register_death()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
            self.unsubscribe()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        except (RedisError, OSError) as error:
            log.warning("Left without telling Redis: %s", error)
        log.info("Worker %s has stopped", self.name)

    def _beat(self) -> None:
        if monotonic() < self._beat_at:
            return
        self._beat_at = monotonic() + BEAT_SECONDS
        state = WorkerStatus.BUSY if self._current else WorkerStatus.IDLE
        pipeline = self.connection.pipeline(transaction=False)
        # Written whole, so that a worker reappears by itself after Redis lost everything.
        pipeline.hset(
            self.key,
            mapping={
                **self.serialize(),
                "state": state,
                "last_heartbeat": utcformat(datetime.now(UTC)),
            },
        )
        pipeline.expire(self.key, WORKER_TTL + 60)
        pipeline.sadd(keys.WORKERS, self.key)
        for name in self.queue_names():
            pipeline.sadd(f"rq:workers:{name}", self.key)
        pipeline.exists(keys.SUSPENDED)
        self._suspended = bool(pipeline.execute()[-1])

    def _beat_quietly(self) -> None:
        try:
            self._beat()
        except (RedisError, OSError) as error:
            log.warning("No heartbeat: %s", error)

    def _is_suspended(self) -> bool:
        if self._suspended:
            self._beat_at = min(self._beat_at, monotonic() + IDLE_WAIT)
            self._beat()
        return self._suspended

    # --- signals and commands --------------------------------------------------------------------

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGINT, self._asked_to_stop)
        signal.signal(signal.SIGTERM, self._asked_to_stop)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """First time: take no more and let the present run end; again: put it back at once."""
        again = self._stop_requested and self._drain_until is not None
        self._stop_requested = True
        self._drain_until = monotonic() + (0 if again else DRAIN_SECONDS)

    def request_stop_execution(self, execution_id: str) -> None:
        """End one execution on request (RQ's stop-execution command, from its own thread)."""
        current = self._current
        if current is not None and current.taken.execution_id == execution_id:
            current.end(Outcome("stopped", reason=current.stop_reason()))

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """End the present run (RQ's stop-job and kill-horse commands, from its own thread)."""
        del sig
        current = self._current
        if current is not None:
            self._stopped_job_id = None
            current.end(Outcome("stopped", reason="stopped on request"))

    def run_maintenance_tasks(self) -> None:
        """Nothing: the scheduler recovers runs; RQ's own clean-up would fail them."""


def worker_name() -> str:
    """Return a name that tells host and process, and is never taken."""
    return f"{os.uname().nodename.split('.')[0]}-{os.getpid()}-{uuid4().hex[:4]}"
