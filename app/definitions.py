"""What the scheduler fires from: a schedule's definition, parsed from its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.schedules import Cron, Interval, schedule_from_json


@dataclass(frozen=True)
class Definition:
    """A schedule with all that its runs need; `document` is its JSON form."""

    task_id: str
    path: str
    schedule: Cron | Interval
    arguments: Mapping[str, Any]
    queue: str
    timeout_seconds: int
    overlap: str
    misfire: str
    grace_seconds: int | None
    document: Mapping[str, Any]


def definition_from_json(document: Mapping[str, Any]) -> Definition:
    """Parse a definition. Raises ValueError, KeyError or TypeError for a broken one."""
    grace = document["grace_seconds"]
    return Definition(
        task_id=str(document["task_id"]),
        path=str(document["path"]),
        schedule=schedule_from_json(document["schedule"]),
        arguments=dict(document["arguments"]),
        queue=str(document["queue"]),
        timeout_seconds=int(document["timeout_seconds"]),
        overlap=str(document["overlap"]),
        misfire=str(document["misfire"]),
        grace_seconds=None if grace is None else int(grace),
        document=document,
    )


def canonical(document: Mapping[str, Any]) -> str:
    """Write a definition so that equal ones are equal text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=20_000)
def parsed(text: str) -> Definition:
    """Parse a definition's text, remembering it: ten thousand schedules fire without re-parsing."""
    return definition_from_json(json.loads(text))
