"""A run as a task of an event loop, beside others."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from weakref import WeakSet

from app.assigned import Assigned
from app.context import running
from app.outcomes import Outcome
from app.perform import Ended, TimedOut, perform_async, timed_out
from app.stacks import stack_of_coroutine, stack_of_frame

# What each run, by id, has started in the loop, to be cancelled with it.
_started: dict[str, WeakSet[asyncio.Task[Any]]] = {}


class AsyncRun:
    """Executes one run in `loop` and tells `closed` how it ended."""

    def __init__(
        self,
        assigned: Assigned,
        closed: Callable[[Assigned, Outcome, float | None], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.assigned = assigned
        self._closed = closed
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._thread: int | None = None
        self._begun = False
        self._interrupted: type[Ended] | None = None

    def start(self) -> None:
        """Begin."""
        self._loop.call_soon_threadsafe(self._begin)

    def stack(self) -> str:
        """Return where it is: in the middle of something, or waiting."""
        task, thread = self._task, self._thread
        if task is None or thread is None:
            return ""
        frame = sys._current_frames().get(thread)
        if frame is not None and asyncio.current_task(self._loop) is task:
            return stack_of_frame(frame)
        return stack_of_coroutine(task.get_coro())

    def interrupt(self, kind: type[Ended]) -> None:
        """Cancel the coroutine where it waits."""
        self._loop.call_soon_threadsafe(self._cancel, kind)

    def _begin(self) -> None:
        self._thread = threading.get_ident()
        self.assigned.teller.say("thread", self._thread)
        self._task = self._loop.create_task(self._execute(), context=contextvars.Context())

    def _cancel(self, kind: type[Ended]) -> None:
        if self._task is None or not self._begun:
            # A task that is cancelled before its first step would end without a word.
            self._loop.call_soon(self._cancel, kind)
            return
        self._interrupted = kind
        self._task.cancel()

    async def _execute(self) -> None:
        self._begun = True
        assigned = self.assigned
        outcome = await perform_async(assigned.task, assigned.arguments, assigned.run)
        if self._interrupted is not None and _cancelled(outcome):
            outcome = self._why()
        for started in list(_started.pop(assigned.run.run_id, ())):
            started.cancel()
        # One thread works for many: nobody knows how much for this one.
        self._closed(assigned, outcome, None)

    def _why(self) -> Outcome:
        if self._interrupted is TimedOut:
            return timed_out(self.assigned.task.timeout_seconds)
        return Outcome("stopped", reason="it was asked to end")


def _cancelled(outcome: Outcome) -> bool:
    return bool(outcome.error) and (outcome.error or {}).get("type") == "CancelledError"


def new_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop that runs in a thread of its own."""
    loop = asyncio.new_event_loop()
    loop.set_task_factory(_new_task)  # type: ignore[arg-type]  # stubs know the newest Python's only
    threading.Thread(target=loop.run_forever, name="coroutines", daemon=True).start()
    return loop


def _new_task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any],
    context: contextvars.Context | None = None,
    **_: Any,
) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, context=context)
    run = running()
    if run is not None:
        _started.setdefault(run.run_id, WeakSet()).add(task)
    return task
