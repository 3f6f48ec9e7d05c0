"""The schedule editor's fields: what was entered, and what a schedule looks like in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from app.errors import Invalid
from app.reads.shapes import Preview
from app.schedules import Wanted
from app.views import ScheduleView
from console.moments import local_moment

UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
NAMES = ("kind", "cron", "every", "timezone", "start", "end", "max_runs", "name")
LONGEST_COUNT = 9


def wanted(entered: Mapping[str, str], default_zone: str) -> Wanted:
    """Read the fields; exactly one of `cron` and `every` counts.

    Start and end are wall clock in the zone that was entered. Raises Invalid.
    """

    def text(name: str) -> str | None:
        return entered.get(name, "").strip() or None

    kind = entered.get("kind") or ("every" if text("every") and not text("cron") else "cron")
    zone = text("timezone") or default_zone
    # A zone that is none is told by whoever reads the schedule.
    clock = ZoneInfo(zone if zone in available_timezones() else default_zone)
    return {
        "cron": text("cron") if kind == "cron" else None,
        "every": text("every") if kind == "every" else None,
        "timezone": text("timezone"),
        "start": local_moment("start", entered.get("start", ""), clock),
        "end": local_moment("end", entered.get("end", ""), clock),
        "max_runs": _count(text("max_runs")),
    }


def values(entered: Mapping[str, str], preview: Preview | None) -> dict[str, str]:
    """Return what the fields hold: what was entered, else the present schedule."""
    present: ScheduleView | None = preview.schedule if preview else None
    found = {name: entered.get(name, "") for name in NAMES}
    if present is None or any(entered.get(name) for name in ("cron", "every")):
        return {**found, "kind": found["kind"] or ("every" if found["every"] else "cron")}
    return {
        "kind": "cron" if present.cron else "every",
        "cron": present.cron or "",
        "every": _interval(present.every_seconds) if present.every_seconds else "",
        "timezone": present.timezone,
        "start": _local(present.start, present.timezone),
        "end": _local(present.end, present.timezone),
        "max_runs": str(present.max_runs or ""),
        "name": "",
    }


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not text.isascii() or len(text) > LONGEST_COUNT or not int(text):
        raise Invalid("That is no number of runs.", {"max_runs": "a whole number from 1 on"})
    return int(text)


def _local(instant: datetime | None, zone: str) -> str:
    if instant is None:
        return ""
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def _interval(seconds: int) -> str:
    size, unit = next(pair for pair in UNITS if seconds % pair[0] == 0)
    return f"{seconds // size}{unit}"
