"""Schedules back from their canonical JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from .cron_schedule import Cron
from .errors import ScheduleError
from .interval_schedule import Interval

_KINDS: dict[str, type[Cron] | type[Interval]] = {"cron": Cron, "interval": Interval}
_NEEDED = {"cron": "expression", "interval": "every_seconds"}
_INSTANTS = ("anchor", "start", "end")


def schedule_from_json(data: Mapping[str, object]) -> Cron | Interval:
    """Return the schedule that `to_json` wrote; ScheduleError names the key that is wrong."""
    if not isinstance(data, Mapping):
        raise ScheduleError(f"a schedule is a JSON object, not {data!r}")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ScheduleError(f"kind is {kind!r}; allowed are {', '.join(_KINDS)}")
    allowed = [field.name for field in fields(_KINDS[kind])]
    unknown = sorted(str(key) for key in data if key != "kind" and key not in allowed)
    if unknown:
        raise ScheduleError(
            f"unknown key {unknown[0]!r} in this {kind} schedule; allowed are {', '.join(allowed)}"
        )
    if _NEEDED[kind] not in data:
        raise ScheduleError(f"{_NEEDED[kind]} is missing from this {kind} schedule")
    values: dict[str, Any] = {
        key: _instant(key, value) if key in _INSTANTS else value
        for key, value in data.items()
        if key != "kind"
    }
    return _KINDS[kind](**values)


def _instant(name: str, value: object) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]  # TypeError is handled
    except (TypeError, ValueError) as error:
        raise ScheduleError(
            f"{name} is {value!r}; allowed is ISO 8601 with an offset, such as "
            "2026-01-31T09:00:00+00:00, or null"
        ) from error
