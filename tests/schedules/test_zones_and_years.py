"""24 zones, 10 years, 6 shapes of expression: each fire time is what brute force finds."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.schedules import cron, zone

from .oracle import Year

# The first of ten years, chosen to hold what makes the zone odd.
FIRST_YEARS = {
    "UTC": 2026,
    "America/New_York": 2021,
    "America/St_Johns": 2004,  # changed its clocks at one minute past midnight
    "America/Sao_Paulo": 2010,  # at midnight, until 2019
    "America/Santiago": 2014,  # summer all year in 2015
    "America/Caracas": 2007,  # by half an hour, twice
    "America/Havana": 2018,  # midnight comes twice
    "America/Nuuk": 2019,  # another offset from 2023 on, with summer time again
    "Atlantic/Azores": 2021,  # across midnight
    "Europe/London": 2021,
    "Europe/Istanbul": 2010,  # summer time for good from 2016
    "Europe/Volgograd": 2014,  # three changes for good
    "Africa/Casablanca": 2020,  # backwards around Ramadan
    "Africa/Cairo": 2016,  # summer time again from 2023, at midnight
    "Asia/Beirut": 2018,  # midnight does not exist
    "Asia/Gaza": 2016,  # another rule every year
    "Asia/Tehran": 2014,  # half an hour, until 2022
    "Asia/Kathmandu": 1984,  # by a quarter of an hour, in 1986
    "Asia/Pyongyang": 2012,  # by half an hour, there and back
    "Antarctica/Troll": 2020,  # by two hours
    "Australia/Lord_Howe": 2021,  # by half an hour, every year
    "Pacific/Chatham": 2021,  # at a quarter to three
    "Pacific/Apia": 2008,  # 30 December 2011 does not exist
    "Pacific/Norfolk": 2013,  # by half an hour for good, summer time from 2019
}
YEARS = 10
SHAPES = (
    "17 * * * *",
    "*/15 0-3,23 * * *",
    "30 2 * * *",
    "0 0 * * *",
    "*/20 1,2 * * 0",
    "45 1 1,13,30 * 5",
)
SAMPLE = 3


def mismatches(name: str, year: int) -> list[str]:
    """Return the shapes whose fire times in that year differ from those found by brute force."""
    walked = Year(zone(name), year)
    first, last = (edge - timedelta(seconds=1) for edge in (walked.start, walked.end))
    wrong = []
    for shape in SHAPES:
        expected = walked.fires(shape)
        assert expected, (name, year, shape)
        if cron(shape, timezone=name).between(first, last) != expected:
            wrong.append(f"{name} {year} {shape}")
    return wrong


def test_a_sample_is_what_brute_force_finds() -> None:
    seeded = random.Random(24)
    for name in seeded.sample(sorted(FIRST_YEARS), SAMPLE):
        assert mismatches(name, FIRST_YEARS[name] + seeded.randrange(YEARS)) == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FIRST_YEARS)
def test_ten_years_are_what_brute_force_finds(name: str) -> None:
    first = FIRST_YEARS[name]
    wrong = [each for year in range(first, first + YEARS) for each in mismatches(name, year)]
    assert wrong == []


@pytest.mark.long
def test_there_are_24_zones_whose_clocks_change_oddly() -> None:
    assert len(FIRST_YEARS) == 24
    still = [
        name
        for name, first in FIRST_YEARS.items()
        if len({_offset(name, first, day) for day in range(YEARS * 365)}) == 1
    ]
    assert still == ["UTC"]


def _offset(name: str, year: int, day: int) -> timedelta | None:
    return (
        (datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day)).astimezone(zone(name)).utcoffset()
    )
