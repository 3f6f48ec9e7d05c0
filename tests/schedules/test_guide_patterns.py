"""The schedule patterns of the guide to scheduled tasks, in the words of APScheduler."""

from __future__ import annotations

import pytest

from app.schedules import Cron, Interval, ScheduleError, cron, every

from .clock import upcoming

PATTERNS: list[tuple[Cron | Interval, str, list[str]]] = [
    (cron(hour=9, minute=0), "Every day at 09:00", ["2026-01-01 09:00", "2026-01-02 09:00"]),
    (
        cron(day_of_week="mon", hour=8, minute=0),
        "Every Monday at 08:00",
        ["2026-01-05 08:00", "2026-01-12 08:00"],
    ),
    (
        cron(day=1, hour=0, minute=0),
        "On the first day of the month at 00:00",
        ["2026-02-01 00:00", "2026-03-01 00:00"],
    ),
    (
        cron(day_of_week="mon-fri", hour=17, minute=0),
        "Weekdays at 17:00",
        ["2026-01-01 17:00", "2026-01-02 17:00", "2026-01-05 17:00"],
    ),
    (cron(minute=15), "Every hour at :15", ["2026-01-01 00:15", "2026-01-01 01:15"]),
    (cron(hour=10, minute=30), "Every day at 10:30", ["2026-01-01 10:30"]),
    (cron("0 9 * * *"), "Every day at 09:00", ["2026-01-01 09:00"]),
    (every(minutes=30), "Every 30 minutes", ["2026-01-01 00:30", "2026-01-01 01:00"]),
    (every(hours=2), "Every 2 hours", ["2026-01-01 02:00", "2026-01-01 04:00"]),
    (every(days=1), "Every day", ["2026-01-02 00:00", "2026-01-03 00:00"]),
    (every(seconds=5), "Every 5 seconds", ["2026-01-01 00:00:05", "2026-01-01 00:00:10"]),
    (every(seconds=10), "Every 10 seconds", ["2026-01-01 00:00:10"]),
]


@pytest.mark.parametrize(("schedule", "words", "times"), PATTERNS)
def test_each_pattern_of_the_guide(schedule: Cron | Interval, words: str, times: list[str]) -> None:
    assert schedule.describe() == words
    found = upcoming(schedule.in_zone("UTC"), "2026-01-01", len(times))
    assert found == [f"{time}+00:00" for time in times]


FIELDS: list[tuple[Cron, str]] = [
    (cron(hour=9), "0 9 * * *"),
    (cron(hour="9,17"), "0 9,17 * * *"),
    (cron(hour="*/2"), "0 */2 * * *"),
    (cron(day=15), "0 0 15 * *"),
    (cron(day="last"), "0 0 L * *"),
    (cron(month=1), "0 0 1 1 *"),
    (cron(month="jan,jul", day="10-12"), "0 0 10-12 jan,jul *"),
    (cron(month=6, hour=5), "0 5 * 6 *"),
    (cron(day_of_week="fri"), "0 0 * * fri"),
    (cron(day_of_week="Mon,THU", hour=8), "0 8 * * mon,thu"),
    (cron(day_of_week="fri#3", hour=8), "0 8 * * fri#3"),
    (cron(day_of_week="sat-sun"), "0 0 * * 6-7"),
    (cron(day_of_week="mon-sun"), "0 0 * * 1-7"),
    (cron(day="*/2", day_of_week="mon"), "0 0 */2 * mon"),
    (cron(second=30), "30 * * * * *"),
    (cron(second="*/10"), "*/10 * * * * *"),
    (cron(minute=0, second=5), "5 0 * * * *"),
    (cron(second=0), "* * * * *"),
]


@pytest.mark.parametrize(("schedule", "expression"), FIELDS)
def test_less_significant_fields_take_their_minimum(schedule: Cron, expression: str) -> None:
    assert schedule == cron(expression)


@pytest.mark.parametrize("days", [0, 4, "0", "0-4", "mon-4", "*/2", "1#2"])
def test_numbers_for_weekdays_are_refused_as_keywords(days: str) -> None:
    with pytest.raises(ScheduleError, match="0 is Monday in APScheduler and Sunday in cron") as e:
        cron(day_of_week=days)
    assert "use names: sun, mon, tue" in str(e.value)


def test_day_and_weekday_together_are_refused_as_keywords() -> None:
    with pytest.raises(ScheduleError, match=r"ambiguous.*write the text"):
        cron(day=1, day_of_week="mon")
