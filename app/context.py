"""What a running task may ask and say: `current_run()`, `progress()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.errors import RotaError
from app.masking import mask_text
from app.storable import storable_text


@dataclass
class CurrentRun:
    """The run that is executing here. Times are UTC."""

    run_id: str
    task_id: str
    attempt: int = 1
    fire_time: datetime | None = None
    deadline: datetime | None = None
    _dependencies: Mapping[str, Any] | str = field(default_factory=dict, repr=False)
    _stopping: bool = field(default=False, repr=False)
    _say: Callable[[str, Any], None] = field(default=lambda _kind, _what: None, repr=False)
    # Who takes its log lines, in a worker's child.
    teller: Any = field(default=None, repr=False)
    # Whether no other run executes in this process, so that every thread of it is the run's.
    _alone: bool = field(default=True, repr=False)

    @property
    def stop_requested(self) -> bool:
        """Whether the worker is about to stop: save what is done and return soon."""
        return self._stopping

    def request_stop(self) -> None:
        """Make `stop_requested` true."""
        self._stopping = True

    def dependency_results(self) -> dict[str, Any]:
        """Return the results of the runs that this one waited for, by run id, in their order.

        None stands for one that returned nothing, failed, or ended more than a day ago. Raises
        RotaError where they are too large together.
        """
        if isinstance(self._dependencies, str):
            raise RotaError(self._dependencies)
        return dict(self._dependencies)

    def say(self, kind: str, what: Any) -> None:
        """Tell whoever supervises the run."""
        self._say(kind, what)


# Of this thread or coroutine; and of the whole process, where a run has it for itself: also the
# threads that the task starts are its own then.
_here: ContextVar[CurrentRun | None] = ContextVar("rota_run", default=None)
_everywhere: list[CurrentRun] = []


def enter(run: CurrentRun) -> None:
    """Make `run` the current one."""
    _here.set(run)
    if run._alone:
        _everywhere[:] = [run]


def leave() -> None:
    """Make no run the current one."""
    _here.set(None)
    _everywhere.clear()


def running() -> CurrentRun | None:
    """Return the run that is executing here, None outside of one."""
    return _here.get() or (_everywhere[0] if _everywhere else None)


def current_run() -> CurrentRun:
    """Return the run that is executing. Raises RotaError outside of one."""
    run = running()
    if run is None:
        raise RotaError("No run is executing here: current_run() works inside a task's run.")
    return run


def progress(done: int, total: int | None = None, message: str = "") -> None:
    """Say how far the run is; shown live. Outside a run it does nothing."""
    run = running()
    if run is not None:
        text = storable_text(mask_text(message)[:200])
        run.say("progress", {"done": done, "total": total, "message": text})
