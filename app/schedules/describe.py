"""A cron expression as a plain English sentence.

Works on the sets of values an expression allows, so that equal meanings read equally. What has
no short form is listed literally.
"""

from __future__ import annotations

from .describe_days import day_phrase
from .wall_times import WallTimes
from .wording import capital, even_step, joined, run

ALL_MINUTES = set(range(60))
ALL_HOURS = set(range(24))
# Longer lists of clock times are told as a frequency.
MOST_TIMES = 6
MOST_TIMES_IN_ONE_HOUR = 12


def describe_walls(walls: WallTimes) -> str:
    """Return "Every day at 09:00", "Every 5 minutes between 09:00 and 17:59, on weekdays"."""
    days = day_phrase(walls)
    if _has_few_times(walls):
        lead = days.removeprefix("on ") if days in ("on weekdays", "on weekends") else days
        return capital(f"{lead} at {_clock_times(walls)}")
    sentence = capital(_frequency(walls))
    return sentence if days == "every day" else f"{sentence}, {days}"


def _has_few_times(walls: WallTimes) -> bool:
    times = len(walls.hours) * len(walls.minutes) * len(walls.seconds)
    most = MOST_TIMES_IN_ONE_HOUR if len(walls.hours) == 1 else MOST_TIMES
    return not walls.every_hour and times <= most and _long_run(walls.minutes) is None


def _clock_times(walls: WallTimes) -> str:
    return joined(
        [
            f"{hour:02}:{minute:02}" + (f":{second:02}" if walls.seconds != {0} else "")
            for hour in sorted(walls.hours)
            for minute in sorted(walls.minutes)
            for second in sorted(walls.seconds)
        ]
    )


def _frequency(walls: WallTimes) -> str:
    if len(walls.seconds) == 1 and _long_run(walls.minutes) is None:
        return _by_minute(walls)
    return _by_second(walls)


def _by_minute(walls: WallTimes) -> str:
    second = "" if walls.seconds == {0} else f":{min(walls.seconds):02}"
    step = even_step(walls.minutes, 60)
    if step and not second:
        return f"every {step} minutes{_in_hours(walls.hours)}"
    marks = joined([f":{minute:02}{second}" for minute in sorted(walls.minutes)])
    hours = run(walls.hours)
    if len(walls.minutes) == 1 and hours and not walls.every_hour:
        return f"every hour from {hours[0]:02}{marks} to {hours[1]:02}{marks}"
    hour_step = even_step(walls.hours, 24)
    if hour_step:
        return f"every {hour_step} hours at {marks}"
    return f"every hour at {marks}{_in_hours(walls.hours)}"


def _by_second(walls: WallTimes) -> str:
    return _seconds(walls.seconds) + _in_minutes(walls.minutes) + _in_hours(walls.hours)


def _seconds(seconds: set[int]) -> str:
    if seconds == {0}:
        return "every minute"
    if seconds == ALL_MINUTES:
        return "every second"
    step = even_step(seconds, 60)
    if step:
        return f"every {step} seconds"
    noun = "second" if len(seconds) == 1 else "seconds"
    return f"every minute at {noun} {joined([str(second) for second in sorted(seconds)])}"


def _in_minutes(minutes: set[int]) -> str:
    if minutes == ALL_MINUTES:
        return ""
    return f" in {_numbers('minute', minutes)}"


def _in_hours(hours: set[int]) -> str:
    if hours == ALL_HOURS:
        return ""
    bounds = run(hours)
    if bounds:
        return f" between {bounds[0]:02}:00 and {bounds[1]:02}:59"
    return f" in {_numbers('hour', hours)}"


def _numbers(noun: str, values: set[int]) -> str:
    bounds = _long_run(values)
    if bounds:
        return f"{noun}s {bounds[0]} to {bounds[1]}"
    plural = "s" if len(values) > 1 else ""
    return f"{noun}{plural} {joined([str(value) for value in sorted(values)])}"


def _long_run(values: set[int]) -> tuple[int, int] | None:
    return run(values) if len(values) > 2 else None
