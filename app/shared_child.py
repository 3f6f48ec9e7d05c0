"""The child process that executes many runs at once: plain functions in threads, coroutines in one
event loop.

Its main thread only listens to the parent and keeps the time, so that no task can hold it up but by
native code that never lets go.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import socket
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from app.assigned import Assigned, assigned_run
from app.async_run import AsyncRun, new_loop
from app.catalogue import Catalogue
from app.child import RECEIVE_BYTES, prepare
from app.context import running
from app.deaths import LINE_LOST
from app.descendants import end_children
from app.inheriting import let_threads_inherit_runs
from app.leftovers import Baseline
from app.outcomes import Outcome
from app.perform import Ended, TimedOut
from app.telling import Link
from app.thread_run import ThreadRun
from app.wear import Limits, Wear

LONGEST_WAIT = 60.0


class SharedChild:
    """A forked process's whole life."""

    def __init__(self, link: socket.socket, catalogue: Catalogue, limits: Limits) -> None:
        self._socket = link
        self._link = Link(link)
        self._catalogue = catalogue
        self._limits = limits
        self._heard = b""
        self._runs: dict[str, ThreadRun | AsyncRun] = {}
        self._deadlines: dict[str, float] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        prepare(limits)
        let_threads_inherit_runs()
        self._tell_who_exits()
        self._baseline = Baseline()
        self._wear = Wear(limits)
        self._woken, self._wake = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(link, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def live(self) -> None:
        """Execute what the parent sends, until it sends no more."""
        while self._listen(self._patience()):
            for key in [key for key, at in self._deadlines.items() if at <= monotonic()]:
                del self._deadlines[key]
                self._interrupt(key, TimedOut)
            if not self._runs:
                self._baseline.restore(shared=True)

    def _listen(self, seconds: float) -> bool:
        ready = [key.fileobj for key, _ in self._selector.select(seconds)]
        if self._woken in ready:
            self._woken.recv(RECEIVE_BYTES)
        if self._socket not in ready:
            return True
        part = self._socket.recv(RECEIVE_BYTES)
        *lines, self._heard = (self._heard + part).split(b"\n")
        for line in lines:
            self._obey(*json.loads(line))
        return bool(part)

    def _patience(self) -> float:
        soonest = min(self._deadlines.values(), default=monotonic() + LONGEST_WAIT)
        return max(soonest - monotonic(), 0.0)

    def _obey(self, verb: str, key: str, *what: Any) -> None:
        if verb == "run":
            self._begin(assigned_run([key, *what], self._catalogue, self._link, alone=False))
        elif verb == "end":
            self._interrupt(key, Ended)
        elif run := self._runs.get(key):
            if verb == "stack":
                run.assigned.teller.say("stack", run.stack())
            else:
                run.assigned.run.request_stop()

    def _begin(self, assigned: Assigned) -> None:
        begun: ThreadRun | AsyncRun
        if assigned.task.is_async:
            if self._loop is None:
                self._loop = new_loop()
            begun = AsyncRun(assigned, self._close, self._loop)
        else:
            begun = ThreadRun(assigned, self._close)
        self._runs[assigned.key] = begun
        self._deadlines[assigned.key] = monotonic() + assigned.task.timeout_seconds
        begun.start()

    def _interrupt(self, key: str, kind: type[Ended]) -> None:
        run = self._runs.get(key)
        if run is not None:
            run.interrupt(kind)

    def _close(self, assigned: Assigned, outcome: Outcome, cpu_seconds: float | None) -> None:
        """Say how a run ended; called where it was executed."""
        assigned.teller.flush()
        with self._lock:
            self._runs.pop(assigned.key, None)
            self._deadlines.pop(assigned.key, None)
            why = self._wear.after_run()
        assigned.teller.end(outcome, why, None if cpu_seconds is None else [cpu_seconds])
        if not self._runs:
            self._wake.send(b"1")

    def _tell_who_exits(self) -> None:
        """Let the parent know whose run ends the process on purpose, as the others are innocent."""
        process, leave = os.getpid(), os._exit

        def tell_and_leave(code: int) -> None:
            run = running()
            if run is not None and os.getpid() == process:
                run.say("exits", code)
            leave(code)

        _replace(os, "_exit", tell_and_leave)


def _replace(module: Any, name: str, function: Callable[..., Any]) -> None:
    setattr(module, name, function)


def live_shared(link: socket.socket, catalogue: Catalogue, limits: Limits) -> None:
    """Be a shared child until the parent hangs up; never returns."""
    leave = os._exit
    try:
        SharedChild(link, catalogue, limits).live()
    except OSError:
        end_children()
        leave(LINE_LOST)
    # Runs may still go on in threads, and what they started would outlive this process.
    end_children()
    leave(0)
