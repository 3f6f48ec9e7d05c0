"""Durations as people write them: `30m`, `6h`, `90s`, `1h30m`."""

from __future__ import annotations

import re

from .errors import ScheduleError

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
LONGEST = 3_653 * DAY
LONGEST_TEXT = 256
ALLOWED = 'whole numbers with w, d, h, m or s, largest unit first, such as "30m", "1h30m" or "2d"'

_PARTS = re.compile(
    r"(?:([0-9]+)w)?\s*(?:([0-9]+)d)?\s*(?:([0-9]+)h)?\s*(?:([0-9]+)m)?\s*(?:([0-9]+)s)?"
)
_UNITS = (WEEK, DAY, HOUR, MINUTE, 1)


def parse_duration(text: str | int, name: str = "duration") -> int:
    """Return the whole seconds that a duration stands for.

    An integer is taken as seconds; text needs a unit, because a bare "45" could mean either.
    `name` is what errors call it.
    Raises ScheduleError for anything else, for negative values, and beyond 10 years.
    """
    seconds = _seconds(text, name)
    if not 0 <= seconds <= LONGEST:
        raise ScheduleError(
            f"{name} {_shown(text)} is out of range; allowed are 0 seconds to 10 years (3653 days)"
        )
    return seconds


def _seconds(text: str | int, name: str) -> int:
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    if not isinstance(text, str):
        raise ScheduleError(f"{name} {text!r} is not text or whole seconds; allowed: {ALLOWED}")
    if len(text) > LONGEST_TEXT:
        raise ScheduleError(
            f"{name} is {len(text)} characters long; allowed are {LONGEST_TEXT}: {ALLOWED}"
        )
    match = _PARTS.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise ScheduleError(f"{name} {text!r}{_problem(text)}; allowed: {ALLOWED}")
    return sum(int(n or 0) * unit for n, unit in zip(match.groups(), _UNITS, strict=True))


def _problem(text: str) -> str:
    stripped = text.strip()
    if not stripped:
        return " is empty"
    if re.fullmatch(r"[0-9]+", stripped):
        return f" has no unit (seconds would be {stripped}s)"
    wrong = re.search(r"[^0-9wdhms\s]", stripped)
    if wrong:
        return f" has an unknown {wrong.group()!r} at position {text.index(wrong.group()) + 1}"
    return " is not a list of numbers with units, each unit once, largest first"


def _shown(text: str | int) -> str:
    return repr(text) if isinstance(text, str) else f"of {text} seconds"
