"""One execution from taking the run to how it ended, in the form in which that is written."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app import keys, scripts
from app.assignment import Assignment
from app.dependencies import results_of_dependencies
from app.events import instant
from app.expiry import expired
from app.failures import told
from app.limits import limit_json
from app.logs import write_line
from app.masking import mask_text
from app.outcomes import Ending, Outcome, decide, rq_result
from app.output import Written
from app.parking import PARK_FOR, parked_since
from app.perform import timed_out
from app.policies import Retry
from app.recovery import SILENT_SECONDS
from app.run_jobs import NewRun, job_pairs, milliseconds, rq_time
from app.run_log import KEEP_SECONDS, RunLog
from app.storable import storable_text
from app.supervision import Supervision
from app.taking import RQ_TTL, Ended, Taken
from app.telemetry import Telemetry

log = logging.getLogger("rota.worker")

BEAT_SECONDS = 5.0
PROGRESS_SECONDS = 0.5
# After its own alarm a run has this long to end; then it hangs in C code or caught the alarm.
HARD_TIMEOUT_GRACE = 5.0


class RunExecution:
    """A taken run while it executes here."""

    def __init__(self, redis: Redis, taken: Taken, worker: str) -> None:
        self.taken = taken
        self.assignment: Assignment | None = None
        # Another execution has the run: how this one ends is not to be written.
        self.fenced = False
        self._redis = redis
        self._worker = worker
        self._log = RunLog(redis, taken.run_id)
        self.telemetry = Telemetry()
        self._progress = ""
        self._beat_at = monotonic() + BEAT_SECONDS
        self._beaten_at = 0.0
        self._started = time()
        self._outcome: Outcome | None = None
        self._told_to_stop = False
        seconds = taken.task.timeout_seconds if taken.task else 0
        self._kill_at = monotonic() + seconds + HARD_TIMEOUT_GRACE

    @property
    def seconds(self) -> float:
        """How long it has gone on."""
        return time() - self._started

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, None while it goes on."""
        return self._outcome or (self.assignment.outcome if self.assignment else None)

    @property
    def child(self) -> Supervision | None:
        """Who executes it."""
        return self.assignment.child if self.assignment else None

    def begin(self, child: Supervision) -> bool:
        """Give the run to a child, unless it ends without executing; False if the child is dead."""
        taken = self.taken
        if taken.task is None:
            self._outcome = self._unknown()
            return True
        self._outcome = expired(self._redis, taken)
        if self._outcome is not None:
            return True
        try:
            dependencies = results_of_dependencies(self._redis, taken.static)
        except (RedisError, OSError):
            self._outcome = Outcome("interrupted", reason="Redis was away as it began")
            return True
        run = [
            taken.task.id,
            taken.arguments,
            taken.run_id,
            taken.attempt,
            taken.static.get("fire_time"),
            dependencies,
        ]
        self.assignment = child.assign(run, taken.run_id, self)
        return self.assignment is not None

    def leave_child(self) -> str | None:
        """Let go of the child; return why it should be replaced, if it should."""
        self._outcome = self.outcome
        one = self.assignment
        if one is not None and one.used is not None:
            self.telemetry.took(one.used)
        return one.child.release(one) if one is not None else None

    def settle(self, outcome: Outcome) -> None:
        """Let it end with this outcome without a child."""
        self._outcome = outcome

    def tend(self) -> None:
        """Write what it said, give signs of life; raises redis errors."""
        if self._log.due:
            self._log.flush()
        if monotonic() >= self._beat_at:
            self._beat()

    def end_if_overdue(self) -> None:
        """Kill it where its time-out passed and it did not end."""
        one, task = self.assignment, self.taken.task
        if monotonic() > self._kill_at and task is not None and one is not None:
            one.child.give_up(one, timed_out(task.timeout_seconds, "did not let itself end"))

    def request_stop(self) -> None:
        """Tell the task to come to an end; once."""
        one = self.assignment
        if one is not None and not self._told_to_stop:
            self._told_to_stop = True
            one.child.request_stop(one)

    def end(self, outcome: Outcome) -> None:
        """End it, with this outcome unless it ended by itself before."""
        one = self.assignment
        if one is not None and self.outcome is None:
            one.child.end(one, outcome)

    def ask_for_stack(self) -> None:
        """Find out where it is, for whoever asks."""
        if self.assignment is not None:
            self.assignment.child.ask_for_stack(self.assignment)

    def end_at_once(self, outcome: Outcome) -> None:
        """End it, and all that shares its child, without asking."""
        if self.child is not None and self.outcome is None:
            self.child.end_all(outcome)

    def stop(self) -> None:
        """End it at once, as somebody asked."""
        try:
            found: Any = self._redis.hget(keys.job(self.taken.run_id), "rota_stop")
        except (RedisError, OSError):
            found = None
        reason = (found or b"stopped on request").decode("utf-8", "replace")
        self.end(Outcome("stopped", reason=reason))

    def ended(self) -> tuple[Ended, Ending]:
        """Return how it ended, as `advance` writes it and as people are told it."""
        if self.outcome is None:
            raise RuntimeError("it has not ended")
        taken = self.taken
        now = datetime.now(UTC)
        retry = taken.task.retry if taken.task else NO_RETRY
        ending = decide(self.outcome, taken.attempt, retry, now)
        names = [
            keys.job(taken.run_id),
            keys.live(str(taken.static["task_id"])),
            keys.log(taken.run_id),
        ]
        lines = self._log.waiting
        arguments = [
            taken.queue,
            taken.run_id,
            taken.execution_id,
            ending.status,
            ending.rq_status,
            json.dumps({**ending.data, **self.telemetry.final()}),
            ending.keep_seconds,
            "" if ending.delay is None else ending.delay,
            "alone" if ending.alone else ending.attempts_back,
            rq_time(now),
            self._log.dropped,
            KEEP_SECONDS,
            len(lines),
            *lines,
            *rq_result(ending, self._worker, taken.execution_id, self._started, now.timestamp()),
        ]
        return Ended(names, arguments), ending

    def hear(self, kind: str, what: Any) -> None:
        if kind == "log":
            self._log.add(what)
            write_line(what, self.taken.run_id)
        elif kind == "output":
            self._hear_output(*what)
        elif kind == "stack":
            self.telemetry.stood_at(what)
        elif kind == "dropped":
            self._log.leave_out(int(what))
        elif kind == "progress":
            self._progress = json.dumps(what)
            self._beat_at = min(self._beat_at, self._beaten_at + PROGRESS_SECONDS)

    @property
    def room(self) -> int:
        """How many further lines its log takes."""
        return self._log.room

    def _hear_output(self, level: str, name: str, written: Written) -> None:
        for text in written.lines:
            if not self.room:
                self._log.drop()
                continue
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            message = storable_text(mask_text(text))
            self.hear("log", {"at": at, "level": level, "logger": name, "message": message})
        self._log.drop(written.more)

    def _beat(self) -> None:
        taken = self.taken
        self._beaten_at = monotonic()
        self._beat_at = self._beaten_at + BEAT_SECONDS
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
            self.stop()
        elif answer == b"FENCED":
            log.warning("Run %s was taken from this worker; its child ends", taken.run_id)
            self.fenced = True
            self.end(Outcome("lost", reason="another execution has the run"))

    def _readmit(self) -> None:
        taken = self.taken
        static = taken.static
        run = NewRun(
            run_id=taken.run_id,
            task_id=str(static["task_id"]),
            path=taken.task.path if taken.task else "",
            queue=taken.queue,
            timeout_seconds=taken.task.timeout_seconds if taken.task else 0,
            trigger=static["trigger"],
            at=instant(static["at"]),
            arguments=taken.arguments,
        )
        scripts.run(
            "readmit",
            self._redis,
            [keys.job(taken.run_id), keys.live(run.task_id)],
            [
                taken.queue,
                taken.run_id,
                taken.execution_id,
                SILENT_SECONDS,
                taken.revision + 1,
                taken.attempt,
                taken.static_json,
                milliseconds(datetime.fromtimestamp(self._started, UTC)),
                self._worker,
                limit_json(taken.task),
                *job_pairs(run, static=taken.static_json.decode("utf-8", "replace")),
            ],
        )

    def _unknown(self) -> Outcome:
        """Park a run whose task this code does not have: a newer worker may know it."""
        task_id = self.taken.static.get("task_id")
        if time() - parked_since(self._redis, self.taken.run_id) > PARK_FOR.total_seconds():
            message = f"No worker knows the task {task_id}: it was renamed or removed."
            return Outcome("quarantined", error=told("UnknownTask", message))
        return Outcome("unknown", reason=f"this worker's code has no task {task_id}; tried again")


NO_RETRY = Retry(0)
