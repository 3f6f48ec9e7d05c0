"""The child process that executes runs, one after the other.

It holds no connection to Redis: everything goes to the parent as JSON lines over a socket, so a
child that crashes, hangs or is killed leaves nothing half written.
"""

from __future__ import annotations

import contextvars
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from types import FrameType
from typing import Any

from app.catalogue import Catalogue
from app.context import CurrentRun
from app.deaths import LINE_LOST
from app.descendants import adopt_descendants
from app.events import instant
from app.leftovers import Baseline
from app.outcomes import Outcome
from app.perform import TimedOut, perform, timed_out
from app.tasks import Task
from app.telling import LinesToParent, PrintedLines, Teller

RECEIVE_BYTES = 65_536
# How soon a time-out is tried again that struck while the task was speaking.
ALARM_AGAIN = 0.02


@dataclass(frozen=True)
class Limits:
    """When a child is replaced by a fresh one, and how much it may ask for; megabytes."""

    runs: int = 1_000
    seconds: float = 3_600.0
    growth_mb: int = 256
    memory_mb: int | None = None


class Child:
    """A forked process's whole life."""

    def __init__(self, link: socket.socket, catalogue: Catalogue, limits: Limits) -> None:
        self._link = link
        self._catalogue = catalogue
        self._limits = limits
        self._teller = Teller(link)
        self._run: CurrentRun | None = None
        self._in_run = False
        adopt_descendants()
        self._prepare_signals()
        self._send_logs_to_parent()
        self._limit_memory()
        self._baseline = Baseline()
        self._end_by = monotonic() + limits.seconds
        self._most_memory = _peak_mb() + limits.growth_mb

    def live(self) -> None:
        """Execute what the parent sends, until it sends no more."""
        for runs, message in enumerate(self._messages(), 1):
            outcome, why = self._execute(message)
            why = why or self._worn(runs)
            # The count comes first: the parent writes the log with the end.
            end = [outcome.kind, outcome.result, outcome.error, outcome.reason]
            self._teller.say("end", [end, self._teller.dropped, why])

    def _messages(self) -> Iterator[list[Any]]:
        heard = b""
        while part := self._link.recv(RECEIVE_BYTES):
            *lines, heard = (heard + part).split(b"\n")
            yield from map(json.loads, lines)

    def _execute(self, message: list[Any]) -> tuple[Outcome, str | None]:
        task_id, arguments, run_id, attempt, fire_time, dependencies = message
        task = self._catalogue.task(task_id)
        self._teller.begin()
        self._run = CurrentRun(
            run_id=run_id,
            task_id=task_id,
            attempt=attempt,
            fire_time=None if fire_time is None else instant(fire_time),
            deadline=datetime.now(UTC) + timedelta(seconds=task.timeout_seconds),
            _dependencies=dependencies,
            _say=self._teller.say,
        )
        outcome = contextvars.Context().run(self._timed, task, arguments, self._run)
        sys.stdout.flush()
        sys.stderr.flush()
        return outcome, self._baseline.restore()

    def _timed(self, task: Task[Any, Any], arguments: dict[str, Any], run: CurrentRun) -> Outcome:
        try:
            self._in_run = True
            signal.setitimer(signal.ITIMER_REAL, task.timeout_seconds)
            outcome = perform(task, arguments, run)
            self._in_run = False
        except TimedOut:
            # It struck just before or after the task itself.
            outcome = timed_out(task.timeout_seconds)
        finally:
            self._in_run = False
        return outcome

    def _worn(self, runs: int) -> str | None:
        if runs >= self._limits.runs:
            return f"it executed {runs} runs"
        if monotonic() > self._end_by:
            return f"it is older than {self._limits.seconds:.0f} s"
        if (peak := _peak_mb()) > self._most_memory:
            return f"it used {peak:.0f} MB"
        return None

    def _send_logs_to_parent(self) -> None:
        root = logging.getLogger()
        for handler in list(root.handlers):
            root.removeHandler(handler)
        root.addHandler(LinesToParent(self._teller))
        root.setLevel(logging.INFO)
        sys.stdout = PrintedLines(self._teller, "INFO", "stdout")
        sys.stderr = PrintedLines(self._teller, "WARNING", "stderr")

    def _limit_memory(self) -> None:
        if self._limits.memory_mb is not None:
            most = self._limits.memory_mb * 1024 * 1024
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))

    def _prepare_signals(self) -> None:
        # Else a signal of ours would wake the parent.
        signal.set_wakeup_fd(-1)
        # A deploy signals every process of a dyno: the parent decides what becomes of the run.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, self._asked_to_stop)
        signal.signal(signal.SIGALRM, self._time_is_over)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._run is not None:
            self._run.request_stop()

    def _time_is_over(self, _number: int, _frame: FrameType | None) -> None:
        if self._teller.speaking:
            signal.setitimer(signal.ITIMER_REAL, ALARM_AGAIN)
        elif self._in_run:
            raise TimedOut


def live(link: socket.socket, catalogue: Catalogue, limits: Limits) -> None:
    """Be a child until the parent hangs up; never returns."""
    try:
        Child(link, catalogue, limits).live()
    except OSError:
        os._exit(LINE_LOST)
    os._exit(0)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
