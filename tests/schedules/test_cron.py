"""Which wall times an expression matches, and the questions a schedule answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.schedules import Cron, ScheduleError, cron

from .clock import FOR_EVER, at, upcoming

MATCHES = [
    # Vixie: either day field, where both are restricted.
    ("0 0 13 * 5", "2026-01-31", ["2026-02-06", "2026-02-13", "2026-02-20"]),
    # Both, where one of them starts with a star.
    ("0 0 */2 * mon", "2026-02-01", ["2026-02-09", "2026-02-23", "2026-03-09"]),
    ("0 0 1-7 * */7", "2026-02-01 12:00", ["2026-03-01", "2026-04-05", "2026-05-03"]),
    ("0 0 * * 0", "2026-02-01 12:00", ["2026-02-08"]),
    ("0 0 * * 7", "2026-02-01 12:00", ["2026-02-08"]),
    ("0 0 * * Sun", "2026-02-01 12:00", ["2026-02-08"]),
    ("0 0 * * 5-7", "2026-02-01 12:00", ["2026-02-06", "2026-02-07", "2026-02-08", "2026-02-13"]),
    ("0 0 1 JAN,jul *", "2026-01-02", ["2026-07-01", "2027-01-01"]),
    ("0 0 1 */4 *", "2026-01-02", ["2026-05-01", "2026-09-01", "2027-01-01"]),
    ("0 0 L * *", "2026-01-02", ["2026-01-31", "2026-02-28", "2026-03-31"]),
    ("0 0 L feb *", "2027-03-01", ["2028-02-29"]),
    ("0 0 LW * *", "2026-01-02", ["2026-01-30", "2026-02-27", "2026-03-31"]),
    ("0 0 1,L * *", "2026-01-02", ["2026-01-31", "2026-02-01"]),
    # Nearest weekday: Saturday back, Sunday on, never out of the month.
    ("0 0 15W * *", "2026-01-31", ["2026-02-16", "2026-03-16", "2026-04-15"]),
    ("0 0 1W 8 *", "2026-01-01", ["2026-08-03", "2027-08-02"]),
    ("0 0 31W 1,5 *", "2026-01-01", ["2026-01-30", "2026-05-29"]),
    ("0 0 30W * *", "2026-01-31", ["2026-03-30"]),
    ("0 0 1W,20 2 *", "2026-01-31", ["2026-02-02", "2026-02-20"]),
    ("0 0 15W * mon", "2026-02-03", ["2026-02-09", "2026-02-16", "2026-02-23", "2026-03-02"]),
    ("0 0 *,15W * mon", "2026-02-03", ["2026-02-09", "2026-02-16", "2026-02-23"]),
    ("0 0 * * fri#3", "2026-01-01", ["2026-01-16", "2026-02-20"]),
    ("0 0 * * mon#5", "2026-01-01", ["2026-03-30", "2026-06-29"]),
    ("0 0 * * friL", "2026-01-01", ["2026-01-30", "2026-02-27"]),
    ("0 0 * * 5l", "2026-01-01", ["2026-01-30", "2026-02-27"]),
    ("0 0 * * 7L", "2026-01-01", ["2026-01-25"]),
    ("0 0 * * mon#1,thuL", "2026-01-01", ["2026-01-05", "2026-01-29", "2026-02-02"]),
    ("0 0 29 2 *", "2026-01-01", ["2028-02-29", "2032-02-29"]),
    ("0 0 29 2 *", "2096-03-01", ["2104-02-29"]),
    ("@yearly", "2026-01-02", ["2027-01-01"]),
    ("@annually", "2026-01-02", ["2027-01-01"]),
    ("@monthly", "2026-01-02", ["2026-02-01"]),
    ("@weekly", "2026-02-01 12:00", ["2026-02-08"]),
    ("@daily", "2026-01-02", ["2026-01-03"]),
    ("@Midnight", "2026-01-02", ["2026-01-03"]),
]


@pytest.mark.parametrize(("expression", "after", "dates"), MATCHES)
def test_the_dates_an_expression_matches(expression: str, after: str, dates: list[str]) -> None:
    expected = [f"{date} 00:00+00:00" for date in dates]
    assert upcoming(cron(expression, timezone="UTC"), after, len(dates)) == expected


@pytest.mark.parametrize(("expression", "after", "dates"), MATCHES)
def test_the_dates_are_found_backwards_too(expression: str, after: str, dates: list[str]) -> None:
    schedule = cron(expression, timezone="UTC")
    previous = at(after)
    for date in dates:
        time = at(date)
        assert schedule.latest(at(after), time) == time
        earlier = schedule.latest(at(after), time - timedelta(seconds=1))
        assert earlier == (None if previous == at(after) else previous)
        previous = time


TIMES = [
    ("*/20 * * * *", ["00:20", "00:40", "01:00"]),
    ("5-30/10 * * * *", ["00:05", "00:15", "00:25", "01:05"]),
    ("0 9,17 * * *", ["09:00", "17:00"]),
    ("@hourly", ["01:00", "02:00"]),
    ("0\t 9  * * *", ["09:00"]),
    ("*/60 */24 * * *", ["00:00"]),
]


@pytest.mark.parametrize(("expression", "times"), TIMES)
def test_the_times_of_day_an_expression_matches(expression: str, times: list[str]) -> None:
    found = upcoming(cron(expression, timezone="UTC"), "2026-01-01", len(times))
    assert [text[11:16] for text in found] == times


def test_six_fields_start_with_seconds() -> None:
    found = upcoming(cron("*/30 59 23 * * *", timezone="UTC"), "2026-01-01", 3)
    assert found == [
        "2026-01-01 23:59+00:00",
        "2026-01-01 23:59:30+00:00",
        "2026-01-02 23:59+00:00",
    ]


def test_next_is_strictly_after_also_by_microseconds() -> None:
    schedule = cron("0 9 * * *", timezone="UTC")
    nine = at("2026-01-01 09:00")
    assert schedule.next(nine - timedelta(microseconds=1)) == nine
    assert schedule.next(nine) == nine + timedelta(days=1)
    assert schedule.next(nine + timedelta(microseconds=1)) == nine + timedelta(days=1)


def test_the_answer_is_in_utc_whatever_zone_the_question_was_in() -> None:
    schedule = cron("0 9 * * *", timezone="Asia/Kathmandu")
    for name in ("UTC", "America/New_York", "Asia/Kathmandu"):
        answer = schedule.next(at("2026-01-01 00:00").astimezone(at("2026-01-01", name).tzinfo))
        assert answer == datetime(2026, 1, 1, 3, 15, tzinfo=UTC)
        assert answer is not None
        assert answer.tzinfo is UTC


def test_start_and_end_are_inclusive() -> None:
    schedule = cron(
        "0 9 * * *", timezone="UTC", start=at("2026-01-02 09:00"), end=at("2026-01-03 09:00")
    )
    assert schedule.between(at("2025-01-01"), FOR_EVER) == [
        at("2026-01-02 09:00"),
        at("2026-01-03 09:00"),
    ]
    assert schedule.next(at("2026-01-03 09:00")) is None
    assert schedule.latest(at("2025-01-01"), FOR_EVER) == at("2026-01-03 09:00")
    assert schedule.latest(at("2025-01-01"), at("2026-01-02 08:59")) is None


def test_a_start_within_a_second_begins_at_the_next() -> None:
    start = at("2026-01-02 09:00") + timedelta(milliseconds=1)
    assert cron("0 9 * * *", timezone="UTC", start=start).next(at("2026-01-01")) == at(
        "2026-01-03 09:00"
    )


def test_between_excludes_its_first_and_includes_its_last_instant() -> None:
    schedule = cron("0 * * * *", timezone="UTC")
    found = schedule.between(at("2026-01-01 01:00"), at("2026-01-01 03:00"))
    assert found == [at("2026-01-01 02:00"), at("2026-01-01 03:00")]
    assert schedule.between(at("2026-01-01"), FOR_EVER, limit=2) == [
        at("2026-01-01 01:00"),
        at("2026-01-01 02:00"),
    ]
    assert schedule.between(at("2026-01-02"), at("2026-01-01")) == []


def test_the_ends_of_the_calendar_are_no_trap() -> None:
    schedule = cron("0 9 * * *", timezone="America/New_York")
    assert schedule.next(datetime.min.replace(tzinfo=UTC)) == at("1970-01-01 14:00")
    assert schedule.next(FOR_EVER) is None
    newest = schedule.latest(datetime.min.replace(tzinfo=UTC), FOR_EVER)
    assert newest is not None
    assert newest.year == 9899


def test_a_schedule_without_a_zone_asks_for_one() -> None:
    schedule = cron("0 9 * * *")
    with pytest.raises(ScheduleError, match="has no time zone yet; resolve it with in_zone"):
        schedule.next(at("2026-01-01"))
    assert schedule.in_zone("Asia/Tokyo").next(at("2026-01-01")) == at("2026-01-02")


def test_a_zone_of_its_own_wins_over_the_default() -> None:
    assert cron("0 9 * * *", timezone="Asia/Tokyo").in_zone("UTC").timezone == "Asia/Tokyo"


def test_equal_schedules_are_equal_and_hashable() -> None:
    one = Cron("0  9 * * *", "UTC")
    assert one == Cron("0 9 * * *", "UTC")
    assert hash(one) == hash(Cron("0 9 * * *", "UTC"))
    one.next(at("2026-01-01"))
    assert one == Cron("0 9 * * *", "UTC")
    assert one != replace(one, timezone="Asia/Tokyo")
    assert one.kind == "cron"
