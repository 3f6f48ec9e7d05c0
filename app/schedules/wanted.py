"""A schedule as a person wrote it, part by part: in a form, a request or a command."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

from app.errors import Invalid

from .cron_schedule import Cron
from .errors import ScheduleError
from .interval_schedule import Interval
from .keywords import every as every_schedule
from .text import parse_schedule


class Wanted(TypedDict, total=False):
    """Either `cron` or `every`; what is left out does not limit."""

    cron: str | None
    every: str | None
    timezone: str | None
    start: datetime | None
    end: datetime | None
    max_runs: int | None


def wanted_schedule(default_zone: str, **wanted: Unpack[Wanted]) -> Cron | Interval:
    """Return the schedule that a person wrote. Raises Invalid, which names the wrong part."""
    cron, every = wanted.get("cron"), wanted.get("every")
    if bool(cron) == bool(every):
        raise Invalid(
            "Give one schedule.", {"cron": "either cron, such as 0 9 * * *", "every": "or 30m"}
        )
    part = "cron" if cron else "every"
    try:
        schedule = _unlimited(cron, every, wanted.get("timezone")).in_zone(default_zone)
        part = "max_runs"
        schedule = replace(schedule, max_runs=wanted.get("max_runs"))
        part = "end"
        return replace(schedule, start=wanted.get("start"), end=wanted.get("end"))
    except ScheduleError as error:
        raise Invalid("That is no schedule.", {part: str(error)}) from error


def _unlimited(cron: str | None, every: str | None, timezone: str | None) -> Cron | Interval:
    if cron:
        return parse_schedule(cron, timezone or None)
    return every_schedule(every, timezone=timezone or None)
