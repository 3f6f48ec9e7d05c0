"""One execution from taking the run to writing how it ended."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep, time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app import keys, scripts
from app.context import CurrentRun
from app.events import instant
from app.failures import told
from app.logs import write_line
from app.outcomes import Outcome, decide, rq_result
from app.policies import Retry
from app.recovery import SILENT_SECONDS
from app.run_jobs import milliseconds
from app.run_log import RunLog
from app.supervision import Supervision
from app.taking import RQ_TTL, Taken, rq_time
from app.tasks import Task

log = logging.getLogger("rota.worker")

BEAT_SECONDS = 5.0
PARK_FOR = timedelta(minutes=10)


class RunExecution:
    """A taken run while it executes here."""

    def __init__(self, redis: Redis, taken: Taken, worker: str) -> None:
        self.taken = taken
        self._redis = redis
        self._worker = worker
        self._log = RunLog(redis, taken.run_id)
        self._progress = ""
        self._beat_at = monotonic() + BEAT_SECONDS
        self._started = time()
        self._child: Supervision | None = None
        self._outcome: Outcome | None = None
        self._fenced = False

    @property
    def ended(self) -> bool:
        """Whether there is an outcome to write."""
        return self._outcome is not None

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    def start(self) -> None:
        """Fork the child, unless the run ends without executing."""
        taken = self.taken
        if taken.task is None:
            self._outcome = self._unknown()
            return
        expired = self._expired(taken.task)
        if expired is not None:
            self._outcome = expired
            return
        fire_time = taken.static.get("fire_time")
        run = CurrentRun(
            run_id=taken.run_id,
            task_id=taken.task.id,
            attempt=taken.attempt,
            fire_time=None if fire_time is None else instant(fire_time),
            deadline=datetime.now(UTC) + timedelta(seconds=taken.task.timeout_seconds),
        )
        self._child = Supervision(taken.task, taken.arguments, run, self._hear)

    def step(self) -> None:
        """Listen to the child for a moment, pass on what it said, give signs of life."""
        if self._child is None:
            return
        self._child.step()
        self._outcome = self._child.outcome
        try:
            if self._log.due:
                self._log.flush()
            if monotonic() >= self._beat_at:
                self._beat()
        except (RedisError, OSError) as error:
            log.warning("Run %s goes on without Redis: %s", self.taken.run_id, error)
            self._beat_at = monotonic() + 1.0

    def request_stop(self) -> None:
        """Tell the task to come to an end."""
        if self._child is not None:
            self._child.request_stop()

    def end(self, outcome: Outcome) -> None:
        """End the child at once, with this outcome unless it ended by itself before."""
        if self._child is not None and self._child.outcome is None:
            self._child.kill(outcome)

    def stop_reason(self) -> str:
        """Return why somebody wants this run ended."""
        found: Any = self._redis.hget(keys.job(self.taken.run_id), "rota_stop")
        return (found or b"stopped on request").decode("utf-8", "replace")

    def finish(self) -> None:
        """Write how it ended; waits for Redis where that is away, so that no result is lost."""
        if self._outcome is None:
            raise RuntimeError("finish() before the execution ended")
        while not self._fenced:
            try:
                self._log.flush()
                self._write(self._outcome)
                return
            except (RedisError, OSError) as error:
                log.warning("Run %s has ended and waits for Redis: %s", self.taken.run_id, error)
                sleep(1.0)

    def _hear(self, kind: str, what: Any) -> None:
        if kind == "log":
            self._log.add(what)
            write_line(what, self.taken.run_id)
        elif kind == "progress":
            self._progress = json.dumps(what)
            self._beat_at = min(self._beat_at, monotonic() + 0.25)

    def _beat(self) -> None:
        taken = self.taken
        self._beat_at = monotonic() + BEAT_SECONDS
        answer = scripts.run(
            "beat",
            self._redis,
            [keys.job(taken.run_id)],
            [
                taken.queue,
                taken.run_id,
                taken.execution_id,
                SILENT_SECONDS,
                RQ_TTL,
                rq_time(datetime.now(UTC)),
                self._progress,
                self._worker,
            ],
        )
        if answer == b"GONE":
            self._readmit()
        elif answer == b"STOP":
            self.end(Outcome("stopped", reason=self.stop_reason()))
        elif answer == b"FENCED":
            log.warning("Run %s was taken from this worker; its child ends", taken.run_id)
            self._fenced = True
            self.end(Outcome("lost", reason="another execution has the run"))

    def _readmit(self) -> None:
        taken = self.taken
        revision = int(taken.fields.get("rota_revision", b"1")) + 1
        scripts.run(
            "readmit",
            self._redis,
            [keys.job(taken.run_id), keys.live(str(taken.static["task_id"]))],
            [
                taken.queue,
                taken.run_id,
                taken.execution_id,
                SILENT_SECONDS,
                revision,
                taken.attempt,
                taken.fields["rota_static"],
                milliseconds(datetime.fromtimestamp(self._started, UTC)),
                self._worker,
                *[part for pair in taken.fields.items() for part in pair],
            ],
        )

    def _write(self, outcome: Outcome) -> None:
        taken = self.taken
        now = datetime.now(UTC)
        retry = taken.task.retry if taken.task else Retry(0)
        ending = decide(outcome, taken.attempt, retry, now)
        answer = scripts.run(
            "finish",
            self._redis,
            [
                keys.job(taken.run_id),
                keys.live(str(taken.static["task_id"])),
                keys.worker(self._worker),
                keys.worker_executions(self._worker),
            ],
            [
                taken.queue,
                taken.run_id,
                taken.execution_id,
                ending.status,
                ending.rq_status,
                json.dumps(ending.data),
                ending.keep_seconds,
                "" if ending.delay is None else ending.delay,
                ending.attempts_back,
                rq_time(now),
                f"{time() - self._started:.6f}",
                *rq_result(ending, self._worker, taken.execution_id, self._started, time()),
            ],
        )
        log.info(
            "Run %s: %s%s",
            taken.run_id,
            ending.status,
            "" if answer == b"OK" else f" ({answer.decode()}: not written)",
        )

    def _expired(self, task: Task[Any, Any]) -> Outcome | None:
        if task.start_within_seconds is None:
            return None
        waited = time() - self.taken.static["at"] / 1000
        if waited <= task.start_within_seconds:
            return None
        return Outcome("expired", reason=f"no worker took it within {task.start_within_seconds} s")

    def _unknown(self) -> Outcome:
        """Park a run whose task this code does not have: a newer worker may know it."""
        job = keys.job(self.taken.run_id)
        self._redis.hsetnx(job, "rota_parked_since", str(time()))
        since: Any = self._redis.hget(job, "rota_parked_since")
        task_id = self.taken.static.get("task_id")
        if time() - float(since or time()) > PARK_FOR.total_seconds():
            message = f"No worker knows the task {task_id}: it was renamed or removed."
            return Outcome("quarantined", error=told("UnknownTask", message))
        return Outcome("unknown", reason=f"this worker's code has no task {task_id}; tried again")
