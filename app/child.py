"""The child process that executes runs, one after the other.

It holds no connection to Redis: everything goes to the parent as JSON lines over a socket, so a
child that crashes, hangs or is killed leaves nothing half written.
"""

from __future__ import annotations

import contextvars
import json
import os
import resource
import signal
import socket
from collections.abc import Iterator
from types import FrameType
from typing import Any

from app.assigned import Assigned, assigned_run
from app.catalogue import Catalogue
from app.context import CurrentRun
from app.deaths import LINE_LOST
from app.descendants import adopt_descendants
from app.leftovers import Baseline
from app.outcomes import Outcome
from app.perform import TimedOut, perform, timed_out
from app.telling import Link, send_lines_to_parent
from app.usage import Meter
from app.wear import Limits, Wear

RECEIVE_BYTES = 65_536
# How soon a time-out is tried again that struck while the task was speaking.
ALARM_AGAIN = 0.02


class Child:
    """A forked process's whole life."""

    def __init__(self, link: socket.socket, catalogue: Catalogue, limits: Limits) -> None:
        self._socket = link
        self._link = Link(link)
        self._catalogue = catalogue
        self._run: CurrentRun | None = None
        self._in_run = False
        prepare(limits)
        signal.signal(signal.SIGUSR1, self._asked_to_stop)
        signal.signal(signal.SIGALRM, self._time_is_over)
        self._baseline = Baseline()
        self._wear = Wear(limits)
        self._meter = Meter()

    def live(self) -> None:
        """Execute what the parent sends, until it sends no more."""
        for message in self._messages():
            assigned = assigned_run(message, self._catalogue, self._link, alone=True)
            self._run = assigned.run
            self._meter.begin()
            outcome = contextvars.Context().run(self._timed, assigned)
            assigned.teller.flush()
            why = self._baseline.restore()
            used = self._meter.read()
            assigned.teller.end(outcome, why or self._wear.after_run(), used)

    def _messages(self) -> Iterator[list[Any]]:
        heard = b""
        while part := self._socket.recv(RECEIVE_BYTES):
            *lines, heard = (heard + part).split(b"\n")
            yield from map(json.loads, lines)

    def _timed(self, assigned: Assigned) -> Outcome:
        seconds = assigned.task.timeout_seconds
        try:
            self._in_run = True
            signal.setitimer(signal.ITIMER_REAL, seconds)
            outcome = perform(assigned.task, assigned.arguments, assigned.run)
            self._in_run = False
        except TimedOut:
            # It struck just before or after the task itself.
            outcome = timed_out(seconds)
        finally:
            self._in_run = False
        return outcome

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._run is not None:
            self._run.request_stop()

    def _time_is_over(self, _number: int, _frame: FrameType | None) -> None:
        if self._link.speaking:
            signal.setitimer(signal.ITIMER_REAL, ALARM_AGAIN)
        elif self._in_run:
            raise TimedOut


def prepare(limits: Limits) -> None:
    """Make a fresh fork of the worker a child."""
    adopt_descendants()
    # Else a signal of ours would wake the parent.
    signal.set_wakeup_fd(-1)
    # A deploy signals every process of a dyno: the parent decides what becomes of the run.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    send_lines_to_parent()
    if limits.memory_mb is not None:
        most = limits.memory_mb * 1024 * 1024
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def live(link: socket.socket, catalogue: Catalogue, limits: Limits) -> None:
    """Be a child until the parent hangs up; never returns."""
    try:
        Child(link, catalogue, limits).live()
    except OSError:
        os._exit(LINE_LOST)
    os._exit(0)
