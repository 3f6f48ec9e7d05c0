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
from rq.command import parse_payload
from rq.serializers import JSONSerializer
from rq.utils import utcformat
from rq.worker import DequeueStrategy, WorkerStatus
from rq.worker import Worker as RqWorker

from app import keys
from app.connection import REFUSED, Backoff
from app.crew import Crew
from app.dispatcher import Dispatcher
from app.errors import SettingsError
from app.listening import Listener
from app.mending import is_garbage, mend
from app.posts import Post, Until
from app.run_jobs import JsonJob
from app.system import System
from app.taking import RQ_TTL
from app.wear import Limits

log = logging.getLogger("rota.worker")

BEAT_SECONDS = 5.0
# Counts of a busy worker are at most this old.
COUNT_SECONDS = 1.0
# Heroku kills 30 s after SIGTERM: runs have 20 s to end, then they go back to their queue.
DRAIN_SECONDS = 20.0
WORKER_TTL = 60


class Worker(RqWorker):
    """One worker and its children, which execute up to `concurrency` runs at once."""

    def __init__(
        self,
        queues: Any,
        *args: Any,
        system: System | None = None,
        concurrency: int = 1,
        limits: Limits | None = None,
        **options: Any,
    ) -> None:
        options |= {"serializer": JSONSerializer, "job_class": JsonJob, "worker_ttl": WORKER_TTL}
        super().__init__(queues, *args, **options)
        self._given_system = system
        self._concurrency = concurrency
        self._limits = limits or Limits()
        self._dispatcher: Dispatcher | None = None
        self._beat_at = self._beaten_at = 0.0

    @cached_property
    def system(self) -> System:
        """The catalogue and connections; only a worker that works needs them, not `rq info`."""
        return self._given_system or System.open(process="worker")

    # --- the work --------------------------------------------------------------------------------

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
        names = self.queue_names()
        listener = Listener(self.connection, names, self.pubsub_channel_name, self._command)
        crew = Crew(self.system.catalogue, self._concurrency, self._limits, listener)
        until = Until(burst, max_jobs, max_idle_time)
        dispatcher = Dispatcher(self._post(), crew, listener, until, self._beat)
        self._dispatcher = dispatcher
        if self._stop_requested:
            dispatcher.drain(0)
        try:
            dispatcher.work()
        finally:
            crew.end()
            listener.close()
            self._end()
        return dispatcher.begun > 0

    def _post(self) -> Post:
        return Post(
            self.connection,
            self.system.catalogue,
            self.name,
            self._queue_order,
            self._chosen,
            self._counted,
            self._mended,
        )

    def _queue_order(self) -> list[str]:
        return [queue.name for queue in self._ordered_queues]

    def _chosen(self, name: str) -> None:
        queue = next(queue for queue in self.queues if queue.name == name)
        self.reorder_queues(reference_queue=queue)

    def _counted(self, good: bool, seconds: float) -> None:
        self.successful_job_count += good
        self.failed_job_count += not good
        self.total_working_time += seconds
        self._beat_at = min(self._beat_at, self._beaten_at + COUNT_SECONDS)

    # --- life signs ------------------------------------------------------------------------------

    def _begin(self) -> None:
        backoff = Backoff()
        tried = False
        while not self._stop_requested:
            try:
                if tried:
                    # What an attempt wrote before it failed would pass for another worker.
                    self.connection.delete(self.key)
                tried = True
                super()._set_ip_address(self.connection)
                self.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
                self.set_state(WorkerStatus.IDLE)
                break
            except REFUSED as error:
                raise SettingsError(f"Redis refuses the credentials: {error}") from error
            except (RedisError, OSError) as error:
                if self._mended(error):
                    continue
                delay = backoff.delay()
                log.warning("Redis is away (%s); trying again in %.1f s", error, delay)
                sleep(delay)
        log.info("Worker %s listens on %s", self.name, ", ".join(self.queue_names()))

    def _set_ip_address(self, connection: Any) -> None:
        """Not yet: RQ asks Redis for it while it makes a worker, and Redis may be away then."""
        self.ip_address = "unknown"

    def _mended(self, error: Exception) -> bool:
        """Set aside what a command stumbled over; tell whether that is why it failed."""
        if not is_garbage(error):
            return False
        own = {self.key: "hash", self.executions_key: "set"}
        try:
            return mend(self.connection, self.queue_names(), own) > 0
        except (RedisError, OSError):
            return False

    def _end(self) -> None:
        try:
            self._write_state(running=0)
            self.register_death()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        except (RedisError, OSError) as error:
            log.warning("Left without telling Redis: %s", error)
        log.info("Worker %s has stopped", self.name)

    def _beat(self, running: int) -> None:
        if monotonic() >= self._beat_at:
            self._write_state(running)
            self._beaten_at = monotonic()
            self._beat_at = self._beaten_at + BEAT_SECONDS

    def _write_state(self, running: int) -> None:
        """Write the worker's hash whole, so that it reappears after Redis lost everything."""
        pipeline = self.connection.pipeline(transaction=False)
        pipeline.hset(
            self.key,
            mapping={
                **self.serialize(),
                "state": WorkerStatus.BUSY if running else WorkerStatus.IDLE,
                "last_heartbeat": utcformat(datetime.now(UTC)),
                "successful_job_count": self.successful_job_count,
                "failed_job_count": self.failed_job_count,
                "total_working_time": self.total_working_time,
            },
        )
        pipeline.expire(self.key, WORKER_TTL + 60)
        pipeline.expire(self.executions_key, RQ_TTL + 60)
        pipeline.sadd(keys.WORKERS, self.key)
        for name in self.queue_names():
            pipeline.sadd(f"rq:workers:{name}", self.key)
        pipeline.execute()

    # --- signals and commands --------------------------------------------------------------------

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGINT, self._asked_to_stop)
        signal.signal(signal.SIGTERM, self._asked_to_stop)
        # Ignored ends of children would not interrupt the wait for them.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """First time: take no more and let the present runs end; again: put them back at once."""
        again = self._stop_requested
        self._stop_requested = True
        if self._dispatcher is not None:
            self._dispatcher.drain(0 if again else DRAIN_SECONDS)

    def _command(self, message: Any) -> None:
        """Obey what RQ's command line and API publish to this worker."""
        try:
            payload = parse_payload(message)
            command = payload["command"]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            log.warning("A command is not understood: %r", error)
            return
        if command == "shutdown":
            self._asked_to_stop(signal.SIGINT, None)
        elif command in ("kill-horse", "stop-job", "stop-execution"):
            self._stop_runs(command, payload)
        elif command == "sample-stack" and self._dispatcher is not None:
            self._dispatcher.ask_for_stack(str(payload.get("job_id")))

    def _stop_runs(self, command: str, payload: dict[Any, Any]) -> None:
        if self._dispatcher is None:
            return
        if command == "kill-horse":
            self._dispatcher.stop()
        elif command == "stop-job":
            self._dispatcher.stop(run_id=str(payload.get("job_id")))
        else:
            self._dispatcher.stop(execution_id=str(payload.get("execution_id")))

    def run_maintenance_tasks(self) -> None:
        """Nothing: the scheduler recovers runs; RQ's own clean-up would fail them."""


def worker_name() -> str:
    """Return a name that tells host and process, and is never taken."""
    return f"{os.uname().nodename.split('.')[0]}-{os.getpid()}-{uuid4().hex[:4]}"
