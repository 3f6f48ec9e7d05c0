"""The `cron(...)` and `every(...)` calls that task authors write.

Keyword fields follow APScheduler's rule: fields less significant than the least significant one
given take their minimum, the others "*". Where APScheduler and cron text differ in meaning
(numbers for weekdays, day together with day_of_week) the call is refused.
"""

from __future__ import annotations

import re
from datetime import datetime

from .cron_schedule import Cron
from .durations import DAY, HOUR, MINUTE, WEEK, parse_duration
from .errors import ScheduleError
from .fields import WEEKDAYS
from .interval_schedule import Interval
from .placement import Fold, Gap

# From most to least significant, with the value a field takes below the last one given.
_MINIMUM = {"month": "1", "day": "1", "day_of_week": "*", "hour": "0", "minute": "0", "second": "0"}
_ORDER = ("second", "minute", "hour", "day", "month", "day_of_week")


def cron(
    expression: str | None = None,
    *,
    timezone: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    dst_gap: Gap = "end",
    dst_fold: Fold = "first",
    jitter: str | int | None = None,
    max_runs: int | None = None,
    second: int | str | None = None,
    minute: int | str | None = None,
    hour: int | str | None = None,
    day: int | str | None = None,
    month: int | str | None = None,
    day_of_week: str | None = None,
) -> Cron:
    """Make a cron schedule from text, or from APScheduler-like fields such as `hour=9`.

    It fires from `start` to `end`, both inclusive, and at most `max_runs` times.
    Raises ScheduleError for both or neither, and for whatever the expression gets wrong.
    """
    given = {
        "month": month,
        "day": day,
        "day_of_week": day_of_week,
        "hour": hour,
        "minute": minute,
        "second": second,
    }
    fields = {name: value for name, value in given.items() if value is not None}
    return Cron(
        expression=_expression(expression, fields),
        timezone=timezone,
        start=start,
        end=end,
        dst_gap=dst_gap,
        dst_fold=dst_fold,
        jitter_seconds=0 if jitter is None else parse_duration(jitter, "jitter"),
        max_runs=max_runs,
    )


def every(
    text: str | None = None,
    *,
    weeks: int = 0,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: int = 0,
    anchor: datetime | None = None,
    timezone: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    jitter: str | int | None = None,
    max_runs: int | None = None,
) -> Interval:
    """Make an interval schedule: `every("30m")` or `every(minutes=30)`.

    It fires from `start` to `end`, both inclusive, and at most `max_runs` times.
    Raises ScheduleError for both or neither, and for intervals under 1 second or over 10 years.
    """
    units = {"weeks": weeks, "days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
    return Interval(
        every_seconds=_interval_seconds(text, units),
        timezone=timezone,
        anchor=anchor,
        start=start,
        end=end,
        jitter_seconds=0 if jitter is None else parse_duration(jitter, "jitter"),
        max_runs=max_runs,
    )


def _interval_seconds(text: str | None, units: dict[str, int]) -> int:
    for name, count in units.items():
        _check_integer(name, count)
    if text is None:
        if not any(units.values()):
            raise ScheduleError('every() needs text such as "30m" or units such as minutes=30')
        sizes = (WEEK, DAY, HOUR, MINUTE, 1)
        return sum(count * size for count, size in zip(units.values(), sizes, strict=True))
    if any(units.values()):
        raise ScheduleError(f"every() takes either text ({text!r}) or units such as minutes=30")
    return parse_duration(text, "interval")


def _check_integer(name: str, count: object) -> None:
    if not isinstance(count, int) or isinstance(count, bool):
        raise ScheduleError(f"{name}={count!r} is not a whole number; allowed are integers")


def _expression(expression: str | None, fields: dict[str, int | str]) -> str:
    if expression is not None and fields:
        raise ScheduleError(
            f"cron() takes either text ({expression!r}) or fields ({', '.join(fields)}), not both"
        )
    if expression is not None:
        return expression
    if not fields:
        raise ScheduleError(
            'cron() needs text such as "0 9 * * *" or fields such as hour=9; '
            f"allowed fields are {', '.join(_ORDER)}"
        )
    return _from_fields({name: _text(name, value) for name, value in fields.items()})


def _from_fields(fields: dict[str, str]) -> str:
    if not fields.get("day", "*").startswith("*") and "day_of_week" in fields:
        raise ScheduleError(
            "day and day_of_week together are ambiguous: APScheduler fires when both match, cron "
            'text when either does; write the text, such as cron("0 9 1 * mon")'
        )
    least = max(list(_MINIMUM).index(name) for name in fields)
    filled = {
        name: fields.get(name, "*" if rank < least else minimum)
        for rank, (name, minimum) in enumerate(_MINIMUM.items())
    }
    texts = [filled[name] for name in _ORDER]
    return " ".join(texts[1:] if texts[0] == "0" else texts)


def _text(name: str, value: object) -> str:
    text = str(value).strip().lower()
    if isinstance(value, bool) or not isinstance(value, int | str) or not text or " " in text:
        raise ScheduleError(
            f"{name}={value!r} is not one cron field; allowed is a number or text without spaces, "
            'such as 9, "9,17" or "*/5"'
            + (', for the third Friday day_of_week="fri#3"' if name == "day" else "")
        )
    if name == "day_of_week":
        return _weekdays(text)
    return "L" if name == "day" and text == "last" else text


def _weekdays(text: str) -> str:
    if re.search(r"(?<!#)[0-9]", text):
        raise ScheduleError(
            f"day_of_week={text!r} is ambiguous: 0 is Monday in APScheduler and Sunday in cron; "
            f"use names: {', '.join(WEEKDAYS)}, such as 'mon-fri' or 'mon,thu'"
        )
    # APScheduler's week ends on Sunday, so "sat-sun" is no backward range there.
    return re.sub(r"\b([a-z]{3})-sun\b", _until_sunday, text)


def _until_sunday(match: re.Match[str]) -> str:
    first = match.group(1)
    return f"{WEEKDAYS.index(first) or 7}-7" if first in WEEKDAYS else match.group()
