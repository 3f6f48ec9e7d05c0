"""Small pieces of English that descriptions share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .durations import DAY, HOUR, MINUTE, WEEK
from .timetable import Timetable
from .zones import zone

_UNITS = ((WEEK, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))


def every_phrase(seconds: int) -> str:
    """Return "Every 30 minutes", "Every day", "Every 1 hour 30 minutes"."""
    phrase = duration_phrase(seconds)
    single = phrase.startswith("1 ") and phrase.count(" ") == 1
    return f"Every {phrase.removeprefix('1 ') if single else phrase}"


def duration_phrase(seconds: int) -> str:
    """Return "30 minutes", "1 day", "1 hour 30 minutes"."""
    parts, rest = [], seconds
    for size, name in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'s' * (count != 1)}")
    return " ".join(parts)


def joined(words: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    teen = 10 <= number % 100 <= 20
    suffix = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def qualifiers(schedule: Timetable) -> str:
    """Return the zone, bounds, limit and jitter that follow the sentence, as far as set."""
    shown = ""
    if schedule.timezone is not None and schedule.kind == "cron":
        shown += f" ({schedule.timezone})"
    if schedule.start is not None:
        shown += f", from {_moment(schedule.start, schedule.timezone)}"
    if schedule.end is not None:
        shown += f", until {_moment(schedule.end, schedule.timezone)}"
    if schedule.max_runs is not None:
        shown += f", at most {schedule.max_runs} run{'s' * (schedule.max_runs != 1)}"
    if schedule.jitter_seconds:
        shown += f", up to {duration_phrase(schedule.jitter_seconds)} later"
    return shown


def _moment(instant: datetime, timezone: str | None) -> str:
    name = timezone or "UTC"
    local = instant.astimezone(zone(name)).replace(tzinfo=None, microsecond=0)
    return f"{local.isoformat(' ').removesuffix(':00')} ({name})"


def capital(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def run(values: set[int]) -> tuple[int, int] | None:
    """Return the first and last of consecutive values, None if they are not consecutive."""
    if not values or max(values) - min(values) + 1 != len(values):
        return None
    return min(values), max(values)


def even_step(values: set[int], size: int) -> int | None:
    """Return n if the values are every n-th of `size`, evenly also across the wrap."""
    step = size // len(values) if values else size
    even = 1 < step < size and size % step == 0 and values == set(range(0, size, step))
    return step if even else None
