"""Schedules in words."""

from __future__ import annotations

import pytest

from app.schedules import cron, every

from .clock import at

EXPRESSIONS = [
    ("0 9 * * *", "Every day at 09:00"),
    ("@daily", "Every day at 00:00"),
    ("0 9,17 * * *", "Every day at 09:00 and 17:00"),
    ("0 8 * * mon", "Every Monday at 08:00"),
    ("0 8 * * mon,wed,0", "Every Monday, Wednesday and Sunday at 08:00"),
    ("0 17 * * 1-5", "Weekdays at 17:00"),
    ("0 9,12 * * sat,sun", "Weekends at 09:00 and 12:00"),
    ("0 9 * * 6-7", "Weekends at 09:00"),
    ("0 9 * * 0-7", "Every day at 09:00"),
    ("0 0 1 * *", "On the first day of the month at 00:00"),
    ("0 9 1,15 jan,jul *", "On the 1st and 15th of January and July at 09:00"),
    ("0 9 2-9 * *", "On the 2nd to 9th of the month at 09:00"),
    ("0 9 11,22,23 * *", "On the 11th, 22nd and 23rd of the month at 09:00"),
    ("0 0 L * *", "On the last day of the month at 00:00"),
    ("0 0 1,L * *", "On the first day and the last day of the month at 00:00"),
    ("0 0 LW * *", "On the last weekday of the month at 00:00"),
    ("0 9 15W * *", "On the weekday nearest the 15th of the month at 09:00"),
    ("0 9 * * fri#3", "On the third Friday of the month at 09:00"),
    ("0 9 * * friL", "On the last Friday of the month at 09:00"),
    ("0 9 * * sun#1", "On the first Sunday of the month at 09:00"),
    ("0 9 * * mon,fri#1", "Every Monday and on the first Friday of the month at 09:00"),
    ("0 0 13 * 5", "On the 13th of the month and also every Friday at 00:00"),
    ("0 0 13 * 1-5", "On the 13th of the month and also on weekdays at 00:00"),
    ("0 0 1-31 * mon", "Every day at 00:00"),
    ("0 9 */2 * *", "On odd days of the month at 09:00"),
    ("0 9 */2 * mon", "On odd days of the month when also a Monday at 09:00"),
    ("0 9 * 7 *", "Every day in July at 09:00"),
    ("0 9 * 1-3 mon", "Every Monday in January, February and March at 09:00"),
    ("@yearly", "Every year on 1 January at 00:00"),
    ("59 59 23 31 12 *", "Every year on 31 December at 23:59:59"),
    ("* * * * *", "Every minute"),
    ("*/30 * * * *", "Every 30 minutes"),
    ("0,30 * * * *", "Every 30 minutes"),
    ("15 * * * *", "Every hour at :15"),
    ("@hourly", "Every hour at :00"),
    ("10,40 * * * *", "Every hour at :10 and :40"),
    ("*/7 * * * *", "Every hour at :00, :07, :14, :21, :28, :35, :42, :49 and :56"),
    ("0 */2 * * *", "Every 2 hours at :00"),
    ("0 1-23/2 * * *", "Every hour at :00 in hours 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21 and 23"),
    ("30 9-17 * * *", "Every hour from 09:30 to 17:30"),
    ("* 9 * * *", "Every minute between 09:00 and 09:59"),
    ("*/5 9-17 * * 1-5", "Every 5 minutes between 09:00 and 17:59, on weekdays"),
    ("*/5 * 1 * *", "Every 5 minutes, on the first day of the month"),
    ("* * * * * *", "Every second"),
    ("*/10 * * * * *", "Every 10 seconds"),
    ("30 15 * * * *", "Every hour at :15:30"),
    ("5,7 * * * * *", "Every minute at seconds 5 and 7"),
    (
        "5 0-29 9 * * mon,wed",
        "Every minute at second 5 in minutes 0 to 29 between 09:00 and 09:59, "
        "every Monday and Wednesday",
    ),
]


@pytest.mark.parametrize(("expression", "words"), EXPRESSIONS)
def test_an_expression_in_words(expression: str, words: str) -> None:
    assert cron(expression).describe() == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5s", "Every 5 seconds"),
        ("1s", "Every second"),
        ("30m", "Every 30 minutes"),
        ("1h", "Every hour"),
        ("90m", "Every 1 hour 30 minutes"),
        ("2d", "Every 2 days"),
        ("7d", "Every week"),
    ],
)
def test_an_interval_in_words(text: str, words: str) -> None:
    assert every(text).describe() == words


def test_the_zone_of_a_cron_schedule_is_told() -> None:
    words = cron("0 9 * * *", timezone="America/New_York").describe()
    assert words == "Every day at 09:00 (America/New_York)"


def test_the_display_zone_of_an_interval_is_not_told() -> None:
    assert every("30m", timezone="America/New_York").describe() == "Every 30 minutes"


def test_a_limit_is_told() -> None:
    assert every("1h", max_runs=1).describe() == "Every hour, at most 1 run"
    assert cron("0 9 * * *", max_runs=5).describe() == "Every day at 09:00, at most 5 runs"


def test_bounds_and_jitter_are_told_on_the_schedules_own_clock() -> None:
    schedule = cron(
        "0 9 * * *",
        timezone="Asia/Tokyo",
        start=at("2026-01-01"),
        end=at("2026-06-30 15:00:01"),
        jitter="90s",
    )
    assert schedule.describe() == (
        "Every day at 09:00 (Asia/Tokyo), from 2026-01-01 09:00 (Asia/Tokyo), "
        "until 2026-07-01 00:00:01 (Asia/Tokyo), up to 1 minute 30 seconds later"
    )
    assert every("1h", start=at("2026-01-01"), jitter="1m").describe() == (
        "Every hour, from 2026-01-01 00:00 (UTC), up to 1 minute later"
    )
