"""The child process that executes one run, and what it tells its parent.

It holds no connection to Redis: everything goes to the parent as JSON lines over a socket, so a
child that crashes, hangs or is killed leaves nothing half written.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from app.context import CurrentRun
from app.logs import line_of
from app.perform import TimedOut, perform
from app.storable import storable_text
from app.tasks import Task

PR_SET_PDEATHSIG = 1
LONGEST_LINE = 8_000


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies (Linux; elsewhere nothing)."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def execute(
    task: Task[Any, Any], arguments: Mapping[str, Any], run: CurrentRun, link: socket.socket
) -> None:
    """Run the task in this freshly forked process, tell the parent how it ended, and exit."""
    teller = Teller(link)
    run._say = teller.say
    _prepare_signals(run)
    _send_logs_to(teller)
    signal.setitimer(signal.ITIMER_REAL, task.timeout_seconds)
    outcome = perform(task, arguments, run)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.stdout.flush()
    sys.stderr.flush()
    teller.say("end", asdict(outcome))
    link.close()
    os._exit(0)


class Teller:
    """Writes messages to the parent, one JSON line each; safe from several threads."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._lock = threading.Lock()

    def say(self, kind: str, what: Any) -> None:
        """Send one message; waits while the parent is slower than the task."""
        line = json.dumps([kind, what], ensure_ascii=True, default=str).encode() + b"\n"
        with self._lock:
            self._link.sendall(line)


class _ToParent(logging.Handler):
    def __init__(self, teller: Teller) -> None:
        super().__init__()
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._teller.say("log", line_of(record, LONGEST_LINE))
        except OSError:
            self.handleError(record)


class _PrintedLines:
    """Stands for stdout or stderr: what a task prints becomes log lines."""

    encoding = "utf-8"

    def __init__(self, teller: Teller, level: str, name: str) -> None:
        self._teller, self._level, self._name = teller, level, name
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._say(line)
        if len(self._rest) > LONGEST_LINE:
            self._say(self._rest)
            self._rest = ""
        return len(text)

    def flush(self) -> None:
        if self._rest:
            self._say(self._rest)
            self._rest = ""

    def isatty(self) -> bool:
        return False

    def _say(self, line: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = storable_text(line[:LONGEST_LINE])
        self._teller.say(
            "log", {"at": at, "level": self._level, "logger": self._name, "message": message}
        )


def _send_logs_to(teller: Teller) -> None:
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(_ToParent(teller))
    root.setLevel(logging.INFO)
    sys.stdout = _PrintedLines(teller, "INFO", "stdout")
    sys.stderr = _PrintedLines(teller, "WARNING", "stderr")


def _prepare_signals(run: CurrentRun) -> None:
    # A deploy signals every process of a dyno: the parent decides what becomes of the run.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def stop(_number: int, _frame: FrameType | None) -> None:
        run.request_stop()

    def time_out(_number: int, _frame: FrameType | None) -> None:
        raise TimedOut

    signal.signal(signal.SIGUSR1, stop)
    signal.signal(signal.SIGALRM, time_out)
