"""One line of text, as a crontab or a form field holds it, to a schedule."""

from __future__ import annotations

import re

from .cron_schedule import Cron
from .durations import LONGEST_TEXT
from .errors import ScheduleError
from .interval_schedule import Interval
from .keywords import every

_PREFIX = re.compile(r"\s*CRON_TZ=(\S*)")
_EVERY = re.compile(r"\s*@every\b(.*)", re.IGNORECASE | re.DOTALL)


def parse_schedule(text: str, timezone: str | None = None) -> Cron | Interval:
    """Return the schedule that `text` states: cron, a nickname, or `@every 5m`.

    A `CRON_TZ=Zone ` prefix wins over `timezone`. Raises ScheduleError.
    """
    if not isinstance(text, str):
        raise ScheduleError(f"a schedule is text such as '0 9 * * *' or '@every 5m', not {text!r}")
    if len(text) > LONGEST_TEXT:
        raise ScheduleError(
            f"the schedule is {len(text)} characters long; allowed are {LONGEST_TEXT}"
        )
    prefix = _PREFIX.match(text)
    if prefix is not None:
        timezone = prefix.group(1)
        # Blanks instead of the prefix keep the positions in errors true.
        text = " " * prefix.end() + text[prefix.end() :]
    interval = _EVERY.match(text)
    if interval is not None:
        return every(interval.group(1), timezone=timezone)
    return Cron(text, timezone)
