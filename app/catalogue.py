"""The catalogue: which tasks exist in this code, found by the names of their modules."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from app.errors import DefinitionError, SettingsError, Unknown
from app.tasks import Task, TaskSchedule, registered


@dataclass(frozen=True)
class Catalogue:
    """Every task that may run, by id. Nothing outside it is ever called."""

    tasks: dict[str, Task[Any, Any]]
    timezone: str

    def task(self, task_id: str) -> Task[Any, Any]:
        """Return the task. Raises Unknown."""
        if task_id not in self.tasks:
            raise Unknown("task", task_id)
        return self.tasks[task_id]

    def by_path(self, path: str) -> Task[Any, Any] | None:
        """Return the task whose function has this dotted name, None if none has."""
        return next((task for task in self.tasks.values() if task.path == path), None)

    @cached_property
    def limited(self) -> list[Task[Any, Any]]:
        """The tasks that limit how many of their runs go on, or start."""
        return [task for task in self.tasks.values() if task.limit.to_json()]

    def schedules(self) -> Iterator[tuple[Task[Any, Any], TaskSchedule]]:
        """Yield each declared schedule with its task."""
        for task in self.tasks.values():
            for schedule in task.schedules:
                yield task, schedule

    @cached_property
    def task_ids(self) -> dict[str, str]:
        """The task of each declared schedule, by the schedule's id."""
        return {schedule.schedule_id: task.id for task, schedule in self.schedules()}

    def definition(self, task: Task[Any, Any], schedule: TaskSchedule) -> dict[str, Any]:
        """Return all that firing needs, as JSON; what is unset takes the application's zone."""
        return {
            **self.policies(task),
            "schedule": schedule.schedule.in_zone(self.timezone).to_json(),
            "arguments": dict(schedule.arguments),
        }

    def policies(self, task: Task[Any, Any]) -> dict[str, Any]:
        """Return the part of a definition that is the same for all schedules of a task."""
        return {
            "task_id": task.id,
            "path": task.path,
            "queue": task.queue,
            "timeout_seconds": task.timeout_seconds,
            "overlap": task.overlap,
            "misfire": task.misfire,
            "grace_seconds": task.grace_seconds,
        }

    @property
    def hash(self) -> str:
        """Identify the content: equal catalogues of two processes have equal hashes."""
        content = {
            schedule.schedule_id: self.definition(task, schedule)
            for task, schedule in self.schedules()
        }
        content["tasks"] = {"ids": sorted(self.tasks)}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load(module_names: Sequence[str], timezone: str) -> Catalogue:
    """Import the task modules (a package with its direct modules) and return what they declare.

    Raises SettingsError for a module that does not exist, DefinitionError for one that is wrong.
    """
    for name in module_names:
        for module in _with_children(_imported(name)):
            _imported(module)
    tasks = {
        task_id: task
        for task_id, task in sorted(registered.items())
        if any(f"{task.function.__module__}.".startswith(f"{name}.") for name in module_names)
    }
    seen: dict[str, str] = {}
    for task in tasks.values():
        for schedule in task.schedules:
            if seen.setdefault(schedule.schedule_id, task.id) != task.id:
                raise DefinitionError(
                    f"Tasks {seen[schedule.schedule_id]} and {task.id} both have a schedule "
                    f"{schedule.schedule_id}."
                )
    return Catalogue(tasks, timezone)


def _with_children(package: ModuleType) -> list[str]:
    path = getattr(package, "__path__", None)
    if path is None:
        return []
    return [
        f"{package.__name__}.{child.name}"
        for child in pkgutil.iter_modules(path)
        if not child.ispkg and not child.name.startswith("__")
    ]


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise SettingsError(
                f"TASK_MODULES names {name}, but there is no such module on the Python path."
            ) from error
        raise DefinitionError(f"Task module {name} cannot be imported: {error}") from error
    except DefinitionError as error:
        if name in str(error):
            raise
        raise DefinitionError(f"Task module {name} cannot be imported: {error}") from error
    except Exception as error:
        kind = type(error).__name__
        raise DefinitionError(f"Task module {name} cannot be imported: {kind}: {error}") from error
