"""Threads that a run starts belong to it, also where other runs execute in the same process."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


def let_threads_inherit_runs() -> None:
    """Make new threads, and what is given to pools of them, run in their starter's context.

    Newer Pythons have a switch for the former (`thread_inherit_context`).
    """
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_in_context(thread: threading.Thread) -> None:
        run, context = thread.run, contextvars.copy_context()
        _replace(thread, "run", lambda: context.run(run))
        start(thread)

    def submit_in_context(
        pool: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **named: Any
    ) -> Future[Any]:
        return submit(pool, contextvars.copy_context().run, function, *args, **named)

    _replace(threading.Thread, "start", start_in_context)
    _replace(ThreadPoolExecutor, "submit", submit_in_context)


def _replace(owner: Any, name: str, function: Callable[..., Any]) -> None:
    setattr(owner, name, function)
