"""Weeks of a time zone: as long as its clocks make them, named by ISO 8601."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import Invalid
from jobs.recruiting.analytics.calendar import Week, closed_week, last_closed_week, last_days
from jobs.recruiting.weekly.report import days_of

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")


def hours(week: Week, zone: ZoneInfo) -> float:
    window = week.window(zone)
    return (window.end - window.start).total_seconds() / 3600


@pytest.mark.parametrize(
    ("monday", "zone", "length"),
    [
        (date(2026, 11, 16), "Europe/Berlin", 168),
        (date(2026, 3, 23), "Europe/Berlin", 167),  # clocks go forward on Sunday the 29th
        (date(2026, 10, 19), "Europe/Berlin", 169),  # and back on Sunday the 25th
        (date(2026, 3, 2), "America/New_York", 167),
        (date(2026, 10, 26), "America/New_York", 169),
        (date(2026, 10, 26), "Australia/Lord_Howe", 168),
        (date(2026, 9, 28), "Australia/Lord_Howe", 167.5),  # by half an hour
        (date(2026, 3, 23), "UTC", 168),
    ],
)
def test_a_week_is_as_long_as_its_clocks_make_it(monday: date, zone: str, length: float) -> None:
    assert hours(Week(monday), ZoneInfo(zone)) == length


def test_a_week_goes_from_monday_to_monday_there() -> None:
    window = Week(date(2026, 11, 16)).window(NEW_YORK)
    assert window.start == datetime(2026, 11, 16, 5, tzinfo=UTC)
    assert window.end == datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert window.holds(window.start)
    assert not window.holds(window.end)


def test_weeks_join_without_gap_or_overlap_for_thirty_years() -> None:
    for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"):
        zone, week = ZoneInfo(name), Week(date(2010, 1, 4))
        for _ in range(52 * 30):
            following = week.back(-1)
            assert week.window(zone).end == following.window(zone).start
            week = following


@pytest.mark.parametrize(
    ("now", "name"),
    [
        (datetime(2026, 11, 23, 7, tzinfo=UTC), "2026-W47"),  # Monday at eight in Berlin
        (datetime(2026, 11, 22, 22, 59, tzinfo=UTC), "2026-W46"),  # still Sunday in Berlin
        (datetime(2026, 11, 22, 23, tzinfo=UTC), "2026-W47"),
        (datetime(2026, 11, 29, 12, tzinfo=UTC), "2026-W47"),
        (datetime(2027, 1, 4, 7, tzinfo=UTC), "2026-W53"),  # a year of 53 weeks
        (datetime(2026, 1, 5, 7, tzinfo=UTC), "2026-W01"),  # which begins in December
        (datetime(2025, 12, 29, 7, tzinfo=UTC), "2025-W52"),
    ],
)
def test_the_last_closed_week_over_the_years_end(now: datetime, name: str) -> None:
    assert last_closed_week(now, BERLIN).name == name


def test_every_monday_reports_another_week_and_leaves_none_out() -> None:
    monday, names = datetime(2025, 1, 6, 8, tzinfo=BERLIN), []
    for n in range(120):
        names.append(last_closed_week((monday + timedelta(weeks=n)).astimezone(UTC), BERLIN))
    assert names == [Week(date(2024, 12, 30)).back(-n) for n in range(120)]


def test_a_week_is_asked_for_by_name() -> None:
    now = datetime(2027, 1, 6, tzinfo=UTC)
    assert closed_week("2026-W53", now, BERLIN) == Week(date(2026, 12, 28))
    assert closed_week(" 2026-W01 ", now, BERLIN) == Week(date(2025, 12, 29))


@pytest.mark.parametrize("text", ["2025-W53", "2026-W00", "2026W47", "last", "2026-47", "0000-W01"])
def test_a_week_that_does_not_exist_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Invalid, match="like 2026-W46"):
        closed_week(text, datetime(2026, 11, 20, tzinfo=UTC), UTC_ZONE)


def test_a_week_that_is_not_over_is_refused() -> None:
    now = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert closed_week("2026-W47", now, BERLIN).name == "2026-W47"
    with pytest.raises(Invalid, match="not over yet: the newest closed week is 2026-W46"):
        closed_week("2026-W47", now, UTC_ZONE)


def test_the_last_days_are_whole_days_there_and_today_so_far() -> None:
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    window = last_days(1, now, BERLIN)
    assert (window.start, window.end) == (datetime(2026, 10, 24, 22, tzinfo=UTC), now)
    assert last_days(90, now, BERLIN).start == datetime(2026, 7, 27, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("monday", "text"),
    [
        (date(2026, 11, 16), "16–22 Nov 2026"),
        (date(2026, 11, 30), "30 Nov – 6 Dec 2026"),
        (date(2026, 12, 28), "28 Dec 2026 – 3 Jan 2027"),
    ],
)
def test_the_days_of_a_week_read_well(monday: date, text: str) -> None:
    assert days_of(Week(monday)) == text
