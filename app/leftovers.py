"""What a run leaves in its process, put back before the next run.

Put back: working directory, environment, umask, signal handlers and mask, handlers and level of
the root logger, `logging.disable`, the default socket time-out, recursion limit, context
variables, `sys.stdout` and `sys.stderr`, and everything it started. A run that leaves a thread
behind costs the process, as does one that fills its memory. What stays, as in any warm worker: what
modules hold (caches, connections, patches), `sys.path`, seeds of random numbers, warning filters,
levels of single loggers, resource limits, and open files.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # has no stub: it is what `signal` wraps
import logging
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

from app.descendants import end_children, has_children

WATCHED_SIGNALS = (
    signal.SIGALRM,
    signal.SIGCHLD,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGPIPE,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


class Baseline:
    """A process's state between runs."""

    def __init__(self) -> None:
        self._folder = _folder()
        self._environment = dict(_environment())
        self._umask = _umask()
        self._signals = {number: signal.getsignal(number) for number in WATCHED_SIGNALS}
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._root = logging.getLogger()
        self._handlers = list(self._root.handlers)
        self._level = self._root.level
        self._disabled = logging.root.manager.disable
        self._recursion = sys.getrecursionlimit()
        self._timeout = socket.getdefaulttimeout()
        self._streams: tuple[Any, Any] = sys.stdout, sys.stderr

    def restore(self, *, shared: bool = False) -> str | None:
        """Put everything back; return why this process should take no further run, if it should.

        A `shared` process has threads of its own, so that those of its runs are not told apart.
        """
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._restore_signals()
        self._restore_logging()
        sys.stdout, sys.stderr = self._streams
        self._restore_surroundings()
        if has_children() and not end_children():
            return "what it started does not end"
        if not shared and threading.active_count() > 1:
            return "it left a thread behind"
        return None

    def _restore_signals(self) -> None:
        for number, handler in self._signals.items():
            # The public function makes an enumeration's member of every answer: 20 µs a run.
            if _signal.getsignal(number) != handler:
                signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def _restore_logging(self) -> None:
        root = self._root
        if root.handlers != self._handlers:
            root.handlers[:] = self._handlers
        if root.level != self._level:
            root.setLevel(self._level)
        if root.manager.disable != self._disabled:
            logging.disable(self._disabled)

    def _restore_surroundings(self) -> None:
        # Its own folder may be gone.
        with suppress(OSError):
            if _folder() != self._folder:
                os.chdir(self._folder)
        if _environment() != self._environment:
            os.environ.clear()
            for name, value in self._environment.items():
                os.environ[os.fsdecode(name)] = os.fsdecode(value)
        os.umask(self._umask)
        socket.setdefaulttimeout(self._timeout)
        if sys.getrecursionlimit() != self._recursion:
            sys.setrecursionlimit(self._recursion)


def _environment() -> dict[bytes, bytes]:
    # Comparing `os.environ` itself decodes every name and value: 25 µs a run.
    encoded: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # no public name
    return encoded


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a Path would cost ten times as much, at every run
    except FileNotFoundError:
        return ""
