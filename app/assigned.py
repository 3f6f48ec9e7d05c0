"""A run as the child has it that executes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.catalogue import Catalogue
from app.context import CurrentRun
from app.events import instant
from app.tasks import Task
from app.telling import Link, Teller


@dataclass(frozen=True)
class Assigned:
    """A run as its child has it."""

    key: str
    task: Task[Any, Any]
    arguments: dict[str, Any]
    run: CurrentRun
    teller: Teller


def assigned_run(message: list[Any], catalogue: Catalogue, link: Link, *, alone: bool) -> Assigned:
    """Return what a parent's message asks to execute."""
    key, task_id, arguments, run_id, attempt, fire_time, dependencies = message
    task = catalogue.task(task_id)
    teller = Teller(link, key)
    run = CurrentRun(
        run_id=run_id,
        task_id=task_id,
        attempt=attempt,
        fire_time=None if fire_time is None else instant(fire_time),
        deadline=datetime.now(UTC) + timedelta(seconds=task.timeout_seconds),
        _dependencies=dependencies,
        _say=teller.say,
        teller=teller,
        _alone=alone,
    )
    return Assigned(key, task, arguments, run, teller)
