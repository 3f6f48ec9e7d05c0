"""What a running task may ask and say: `current_run()`, `progress()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
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
    _stop: Event = field(default_factory=Event, repr=False)
    _say: Callable[[str, Any], None] = field(default=lambda _kind, _what: None, repr=False)

    @property
    def stop_requested(self) -> bool:
        """Whether the worker is about to stop: save what is done and return soon."""
        return self._stop.is_set()

    def request_stop(self) -> None:
        """Make `stop_requested` true."""
        self._stop.set()

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


_current: list[CurrentRun] = []


def enter(run: CurrentRun) -> None:
    """Make `run` the current one of this process."""
    _current[:] = [run]


def leave() -> None:
    """Make no run the current one."""
    _current.clear()


def running() -> CurrentRun | None:
    """Return the run that is executing here, None outside of one."""
    return _current[0] if _current else None


def current_run() -> CurrentRun:
    """Return the run that is executing. Raises RotaError outside of one."""
    if not _current:
        raise RotaError("No run is executing here: current_run() works inside a task's run.")
    return _current[0]


def progress(done: int, total: int | None = None, message: str = "") -> None:
    """Say how far the run is; shown live. Outside a run it does nothing."""
    if _current:
        text = storable_text(mask_text(message)[:200])
        _current[0].say("progress", {"done": done, "total": total, "message": text})
