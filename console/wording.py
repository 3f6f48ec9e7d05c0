"""How values read on a page: times, durations, words for states, and text that cannot mislead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from jinja2 import StrictUndefined
from markupsafe import Markup

from app.views import rfc3339
from console.result_shape import as_text, shape_of
from console.traceback_shape import parts_of

LONGEST_TEXT = 20_000
# Invisible characters that reorder or end text on a screen: control characters, and the marks
# that turn the reading direction around.
MISLEADING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SURROGATES = re.compile("[\ud800-\udfff]")
MINUTE, HOUR, DAY = 60, 3600, 86400
MOST_COUNTED = 10_000
# How an actor's channel and a run's trigger read in a sentence.
TRIGGERS = {
    "schedule": "by schedule",
    "manual": "by hand",
    "api": "through the API",
    "cli": "from the command line",
    "backfill": "by backfill",
    "dependency": "after another run",
}


def add_wording(app: Flask) -> None:
    """Give the templates these words."""
    app.url_defaults(_encodable)
    app.jinja_env.finalize = shown
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        duration=duration,
        relative=relative,
        clock=clock,
        day_and_time=day_and_time,
        rfc3339=rfc3339,
        trigger=lambda name: TRIGGERS.get(name, name),
        plural=plural,
        capped=capped,
        short=short,
        bytes=byte_size,
        retries=retries,
        whole_duration=whole_duration,
        paragraphs=paragraphs,
        traceback=parts_of,
        as_text=as_text,
        shape=shape_of,
    )


def shown(value: Any) -> Any:
    """Make text from outside harmless to look at: visible marks, and an end. None is nothing."""
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = SURROGATES.sub("\ufffd", MISLEADING.sub(_as_mark, value))
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT:,} more characters)"


def duration(seconds: float | None) -> str:
    """Write a duration the way one says it: 0.42 s, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, smaller, smaller_name in (
        (DAY, "d", HOUR, "h"),
        (HOUR, "h", MINUTE, "min"),
        (MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def relative(instant: datetime, now: datetime) -> str:
    """Write an instant as seen from `now`: in 4 min 12 s, in 3 h 5 min, 12 min ago, just now.

    console.js writes the same words every second; the two must agree.
    """
    seconds = int((instant - now).total_seconds())
    if abs(seconds) < 2:
        return "just now" if seconds <= 0 else "in a moment"
    size = abs(seconds)
    if size >= 2 * DAY:
        size -= size % DAY
    elif size >= (10 * MINUTE if seconds > 0 else MINUTE):
        # Seconds only where somebody may be waiting for them.
        size -= size % MINUTE
    words = duration(max(size, 2)).replace(".0 s", " s")
    return f"in {words}" if seconds > 0 else f"{words} ago"


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """Write the wall clock in `zone`: 09:00, with seconds where there are any."""
    local = instant.astimezone(zone)
    return local.strftime("%H:%M:%S" if local.second else "%H:%M")


def day_and_time(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Write day and wall clock in `zone`, with the year where it is another one than now."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        day = "today"
    elif abs(local.date() - today) == timedelta(days=1):
        day = "tomorrow" if local.date() > today else "yesterday"
    else:
        day = f"{local:%a} {local.day} {local:%b}" + (
            f" {local.year}" if local.year != today.year else ""
        )
    return f"{day} {clock(instant, zone)}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: 1 run, 2 runs, 10,000 runs."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def capped(count: int | None) -> str:
    """Write a count; beyond ten thousand nobody reads the digits."""
    if count is None:
        return "–"
    return f"{count:,}" if count <= MOST_COUNTED else f"{MOST_COUNTED:,}+"


def short(count: int) -> str:
    """Write a count in at most four characters: 950, 1.2k, 35k, 2M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size else f"{count // size}{unit}"
    return str(count)


def byte_size(count: int) -> str:
    """Write a size: 512 B, 1.4 MB."""
    size, units = float(count), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while size >= 1000 and unit != "TB":
        size, unit = size / 1000, next(units)
    return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.1f} {unit}"


def retries(policy: Mapping[str, Any]) -> str:
    """Write a retry policy the way one says it: up to 3 times, after 1 min to 1 h."""
    words = f"up to {plural(policy['max'], 'time')}"
    first, longest = policy.get("first_delay_seconds"), policy.get("longest_delay_seconds")
    if not isinstance(first, int) or not isinstance(longest, int):
        return words
    to = f" to {whole_duration(longest)}" if longest != first else ""
    return f"{words}, after {whole_duration(first)}{to}"


def whole_duration(seconds: int) -> str:
    """Write a duration of whole seconds without a fraction: 1 s, 1 min, 1 h."""
    return f"{seconds} s" if seconds < MINUTE else duration(seconds)


def _encodable(_endpoint: str, values: dict[str, Any]) -> None:
    """Keep a broken name in the data from breaking the page that links to it."""
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = SURROGATES.sub("\ufffd", value)


def paragraphs(text: str) -> list[str]:
    """Split a docstring into paragraphs; how its lines were broken in the code is not shown."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def _as_mark(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
