"""One execution of a task in this process: the same steps in a worker's child and by hand."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from app.context import CurrentRun, enter, leave
from app.errors import Invalid, Skip
from app.failures import describe, told
from app.masking import mask_text
from app.outcomes import Outcome, success
from app.storable import storable_text
from app.tasks import Task

log = logging.getLogger("rota.run")


class Ended(BaseException):
    """Somebody asked for the end of the run. No Exception, so that a task lets it through."""


class TimedOut(Ended):
    """The time-out passed. No Exception, so that a task's `except Exception` lets it through."""


def perform(task: Task[Any, Any], arguments: Mapping[str, Any], run: CurrentRun) -> Outcome:
    """Run `task` here and return how it ended; nothing it raises comes out."""
    enter(run)
    try:
        return success(task.perform(arguments))
    except BaseException as error:
        # Also SystemExit and KeyboardInterrupt: in a child they are the task's own doing.
        return _raised(task, error)
    finally:
        leave()


async def perform_async(
    task: Task[Any, Any], arguments: Mapping[str, Any], run: CurrentRun
) -> Outcome:
    """Run an `async def` task in the present event loop, otherwise as `perform` does."""
    enter(run)
    try:
        return success(await task.call(arguments))
    except BaseException as error:
        return _raised(task, error)
    finally:
        leave()


def _raised(task: Task[Any, Any], error: BaseException) -> Outcome:
    match error:
        case Skip():
            log.info("Skipped: %s", error)
            return Outcome("skipped", reason=storable_text(mask_text(str(error))))
        case Invalid():
            return Outcome("failed", error=told("Invalid", _fields(error)))
        case TimedOut():
            return timed_out(task.timeout_seconds)
        case Ended():
            return Outcome("stopped", reason="it was asked to end")
        case MemoryError():
            return out_of_memory(error)
    described = describe(error)
    log.error("%s: %s", described["type"], described["message"])
    return Outcome("failed", error=described)


def timed_out(seconds: int, how: str = "was ended") -> Outcome:
    """Return how a run ended that took too long."""
    message = (
        f"It ran longer than its time-out of {seconds} s and {how}. "
        "Let it do less at a time, or give the task a longer timeout."
    )
    return Outcome("failed", error=told("TimedOut", message))


def out_of_memory(error: MemoryError) -> Outcome:
    """Return how a run ended that asked for more memory than it may have."""
    message = (
        "It asked for more memory than its process may have. Let it hold less at once, or raise "
        "the worker's memory limit."
    )
    where = describe(error)
    return Outcome("failed", error={**where, "type": "OutOfMemory", "message": message})


def _fields(error: Invalid) -> str:
    return "; ".join([str(error), *(f"{name}: {text}" for name, text in error.fields.items())])
