"""Fire times against an oracle that walks over every minute of a year."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from app.schedules import cron, zone
from app.schedules.placement import Fold, Gap

from .oracle import Year

YEARS = [
    ("America/New_York", 2026),
    ("Europe/London", 2026),
    ("Australia/Lord_Howe", 2026),
    ("Africa/Cairo", 2026),
    ("Antarctica/Troll", 2026),
    ("America/Santiago", 2026),
    ("Pacific/Apia", 2011),
    ("Asia/Kathmandu", 2026),
    ("UTC", 2026),
]
EXPRESSIONS = [
    "0 * * * *",
    "*/30 * 20-31 3,4,9-12 *",
    "17 0-23 * * 1",
    "30 1 * * *",
    "30 2 * * *",
    "0 0 * * *",
    "*/15 1,2 * * *",
    "*/20 0-3 * * 0",
    "59 23 * * *",
    "5 */2 1-8 * *",
    "0 1-23 13 * 5",
    "30 0,1,2,3,23 */3 * 6,7",
    "45 2 1,29,30,31 * *",
]
CHOICES: list[tuple[Gap, Fold]] = [
    ("end", "first"),
    ("skip", "first"),
    ("end", "second"),
    ("skip", "both"),
    ("end", "both"),
]


@cache
def year_of(name: str, year: int) -> Year:
    return Year(zone(name), year)


@pytest.mark.parametrize(("name", "year"), YEARS)
def test_a_year_of_fire_times_is_what_brute_force_finds(name: str, year: int) -> None:
    walked = year_of(name, year)
    for expression in EXPRESSIONS:
        expected = walked.fires(expression)
        schedule = cron(expression, timezone=name)
        found = schedule.between(
            walked.start - timedelta(seconds=1), walked.end - timedelta(seconds=1)
        )
        assert found == expected, expression
        assert expected, expression


@pytest.mark.parametrize(("name", "year"), YEARS)
def test_every_choice_for_gaps_and_repeats_is_what_brute_force_finds(name: str, year: int) -> None:
    walked = year_of(name, year)
    for gap, fold in CHOICES:
        for expression in EXPRESSIONS[3:9]:
            schedule = cron(expression, timezone=name, dst_gap=gap, dst_fold=fold)
            found = schedule.between(
                walked.start - timedelta(seconds=1), walked.end - timedelta(seconds=1)
            )
            assert found == walked.fires(expression, gap, fold), (expression, gap, fold)


@pytest.mark.parametrize(("name", "year"), YEARS)
def test_next_and_latest_from_any_second_agree_with_brute_force(name: str, year: int) -> None:
    walked = year_of(name, year)
    seeded = random.Random(f"{name} {year}")
    for expression in EXPRESSIONS:
        fires = walked.fires(expression)
        schedule = cron(expression, timezone=name)
        for instant in _instants(walked, fires, seeded):
            place = bisect_right(fires, instant)
            following, newest = schedule.next(instant), schedule.latest(walked.start, instant)
            if place < len(fires):
                assert following == fires[place], (expression, instant)
            if place and fires[place - 1] > walked.start:
                assert newest == fires[place - 1], (expression, instant)


def _instants(walked: Year, fires: list[datetime], seeded: random.Random) -> list[datetime]:
    span = int((walked.end - walked.start).total_seconds())
    anywhere = [walked.start + timedelta(seconds=seeded.randrange(span)) for _ in range(60)]
    changes = _near_changes(walked, seeded)
    on_and_beside = [
        fire + timedelta(seconds=step) for fire in seeded.choices(fires, k=20) for step in (-1, 0)
    ]
    return anywhere + changes + on_and_beside


def _near_changes(walked: Year, seeded: random.Random) -> list[datetime]:
    return [
        change + timedelta(seconds=seeded.randrange(-86_400, 86_400))
        for change in walked.changes
        for _ in range(40)
        if walked.start + timedelta(days=1) < change < walked.end - timedelta(days=1)
    ]


@pytest.mark.parametrize("expression", ["* * * * * *", "*/7 * * * * *", "59 59 23 * * *"])
@pytest.mark.parametrize(("name", "year"), YEARS)
def test_time_never_stands_still(name: str, year: int, expression: str) -> None:
    schedule = cron(expression, timezone=name)
    walked = year_of(name, year)
    for instant in _near_changes(walked, random.Random(year)) or [walked.start]:
        time = schedule.next(instant)
        for _ in range(20):
            assert time is not None
            following = schedule.next(time)
            assert following is not None
            assert following > time > instant.replace(microsecond=0) - timedelta(seconds=1)
            assert following.tzinfo is UTC
            time = following
