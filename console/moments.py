"""Instants that people and programs send."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.errors import Invalid

WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def offset_moment(field: str, text: object) -> datetime:
    """Read an RFC 3339 instant. One without an offset is refused: whose noon would it be?"""
    if isinstance(text, str) and WITH_OFFSET.fullmatch(text):
        fraction = re.sub(r"(\.\d{6})\d+", r"\1", text.upper())
        try:
            return datetime.fromisoformat(fraction).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    allowed = "a time with its offset, as in 2026-11-30T09:00:00Z or 2026-11-30T09:00:00-05:00"
    raise Invalid(f"“{field}” is not a time.", {field: allowed})


def local_moment(field: str, text: str, zone: ZoneInfo) -> datetime | None:
    """Read what a date and time field of a form sends, as wall clock in `zone`; blank is None."""
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        local = None
    if local is None or not 1970 < local.year < 9000:
        raise Invalid(f"“{text[:40]}” is not a time.", {field: f"a day and a time, in {zone.key}"})
    aware = local if local.tzinfo is not None else local.replace(tzinfo=zone)
    return aware.astimezone(UTC)
