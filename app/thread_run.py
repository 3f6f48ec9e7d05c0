"""A run in a thread of its own, which can be asked to end from another."""

from __future__ import annotations

import contextvars
import ctypes
import sys
import threading
import time
from collections.abc import Callable

from app.assigned import Assigned
from app.outcomes import Outcome
from app.perform import Ended, TimedOut, perform, timed_out
from app.stacks import stack_of_frame


class ThreadRun:
    """Executes one run and tells `closed` how it ended."""

    def __init__(
        self, assigned: Assigned, closed: Callable[[Assigned, Outcome, float | None], None]
    ) -> None:
        self.assigned = assigned
        self._closed = closed
        self._lock = threading.Lock()
        self._over = False
        self._thread = threading.Thread(target=self._execute, name=assigned.run.run_id, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stack(self) -> str:
        """Return where it is."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return stack_of_frame(frame) if frame is not None else ""

    def interrupt(self, kind: type[Ended]) -> None:
        """Raise `kind` in the task, at its next step in Python."""
        with self._lock:
            if not self._over:
                _raise_in(self._thread, kind)

    def _execute(self) -> None:
        try:
            try:
                self.assigned.teller.say("thread", threading.get_ident())
                outcome = contextvars.Context().run(self._perform)
            finally:
                self._end_interrupts()
        except TimedOut:
            # It struck just before or after the task itself.
            outcome = timed_out(self.assigned.task.timeout_seconds)
            self._end_interrupts()
        except Ended:
            outcome = Outcome("stopped", reason="it was asked to end")
            self._end_interrupts()
        self._closed(self.assigned, outcome, time.thread_time())

    def _perform(self) -> Outcome:
        return perform(self.assigned.task, self.assigned.arguments, self.assigned.run)

    def _end_interrupts(self) -> None:
        with self._lock:
            self._over = True
            _raise_in(self._thread, None)


def _raise_in(thread: threading.Thread, kind: type[Ended] | None) -> None:
    """Let CPython raise `kind` in another thread; None takes back what was not raised yet."""
    identity = ctypes.c_ulong(thread.ident or 0)
    exception = ctypes.py_object(kind) if kind is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, exception)
