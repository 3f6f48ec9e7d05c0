"""Where fire times fall when the clocks change: one table of worked examples, then the rules."""

from __future__ import annotations

import pytest

from app.schedules import cron

from .clock import at, shown, upcoming

NEW_YORK = "America/New_York"

TABLE = [
    # A fixed hour runs once in a repeated hour, in its first pass.
    (NEW_YORK, "30 1 * * *", "2026-11-01", ["2026-11-01 01:30-04:00", "2026-11-02 01:30-05:00"]),
    (
        NEW_YORK,
        "*/15 1 * * *",
        "2026-10-31 23:59",
        [
            "2026-11-01 01:00-04:00",
            "2026-11-01 01:15-04:00",
            "2026-11-01 01:30-04:00",
            "2026-11-01 01:45-04:00",
            "2026-11-02 01:00-05:00",
        ],
    ),
    (NEW_YORK, "0 1,2 * * *", "2026-11-01", ["2026-11-01 01:00-04:00", "2026-11-01 02:00-05:00"]),
    # Every hour follows real time, through both passes and over a gap.
    (
        NEW_YORK,
        "0 * * * *",
        "2026-10-31 23:30",
        [
            "2026-11-01 00:00-04:00",
            "2026-11-01 01:00-04:00",
            "2026-11-01 01:00-05:00",
            "2026-11-01 02:00-05:00",
        ],
    ),
    (NEW_YORK, "0 * * * *", "2026-03-08 01:00", ["2026-03-08 03:00-04:00"]),
    (NEW_YORK, "0 0-23 * * *", "2026-11-01 01:00", ["2026-11-01 01:00-05:00"]),
    # A gap moves to its end, once.
    (NEW_YORK, "30 2 * * *", "2026-03-08", ["2026-03-08 03:00-04:00", "2026-03-09 02:30-04:00"]),
    (
        NEW_YORK,
        "*/15 2 * * *",
        "2026-03-08",
        ["2026-03-08 03:00-04:00", "2026-03-09 02:00-04:00", "2026-03-09 02:15-04:00"],
    ),
    (NEW_YORK, "0 2,3 * * *", "2026-03-08", ["2026-03-08 03:00-04:00", "2026-03-09 02:00-04:00"]),
    (
        NEW_YORK,
        "*/20 30 2 * * *",
        "2026-03-08",
        ["2026-03-08 03:00-04:00", "2026-03-09 02:30-04:00", "2026-03-09 02:30:20-04:00"],
    ),
    # Half an hour, midnight, two hours, a repeated day's end, a whole day.
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-04", ["2026-10-04 02:30+11:00"]),
    ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 12:00", ["2026-04-05 01:45+11:00"]),
    ("Africa/Cairo", "0 0 * * *", "2026-04-23 12:00", ["2026-04-24 01:00+03:00"]),
    ("Antarctica/Troll", "30 1 * * *", "2026-03-29", ["2026-03-29 03:00+02:00"]),
    (
        "America/Santiago",
        "30 23 * * *",
        "2026-04-04",
        ["2026-04-04 23:30-03:00", "2026-04-05 23:30-04:00"],
    ),
    ("Pacific/Apia", "0 9 30 12 *", "2011-12-01", ["2011-12-31 00:00+14:00"]),
    ("Asia/Kathmandu", "45 5 * * *", "2026-01-01", ["2026-01-01 05:45+05:45"]),
]


@pytest.mark.parametrize(("name", "expression", "after", "expected"), TABLE)
def test_fire_times_around_a_change_of_clocks(
    name: str, expression: str, after: str, expected: list[str]
) -> None:
    assert upcoming(cron(expression, timezone=name), after, len(expected)) == expected


@pytest.mark.parametrize(("name", "expression", "after", "expected"), TABLE)
def test_the_newest_fire_time_is_found_backwards_too(
    name: str, expression: str, after: str, expected: list[str]
) -> None:
    schedule = cron(expression, timezone=name)
    times = schedule.between(at(after, name), at("9000-01-01"), limit=len(expected))
    for time in times:
        newest = schedule.latest(at(after, name), time)
        assert newest is not None
        assert shown(newest, name) == shown(time, name)


def test_a_gap_can_be_skipped() -> None:
    schedule = cron("30 2 * * *", timezone=NEW_YORK, dst_gap="skip")
    assert upcoming(schedule, "2026-03-07 12:00", 1) == ["2026-03-09 02:30-04:00"]
    assert schedule.latest(at("2026-03-07 12:00", NEW_YORK), at("2026-03-08 12:00")) is None


def test_the_second_pass_of_a_repeated_hour_can_be_chosen() -> None:
    schedule = cron("30 1 * * *", timezone=NEW_YORK, dst_fold="second")
    assert upcoming(schedule, "2026-11-01", 2) == [
        "2026-11-01 01:30-05:00",
        "2026-11-02 01:30-05:00",
    ]


def test_the_second_pass_is_still_ahead_of_somebody_late_in_the_first() -> None:
    schedule = cron("30 1 * * *", timezone=NEW_YORK, dst_fold="second")
    assert upcoming(schedule, "2026-11-01 01:45", 1) == ["2026-11-01 01:30-05:00"]


def test_both_passes_can_be_chosen() -> None:
    schedule = cron("30 1 * * *", timezone=NEW_YORK, dst_fold="both")
    assert upcoming(schedule, "2026-11-01", 3) == [
        "2026-11-01 01:30-04:00",
        "2026-11-01 01:30-05:00",
        "2026-11-02 01:30-05:00",
    ]


@pytest.mark.parametrize("fold", ["first", "second", "both"])
def test_an_every_hour_expression_ignores_the_choice_of_pass(fold: str) -> None:
    schedule = cron("30 * * * *", timezone=NEW_YORK, dst_fold=fold)  # type: ignore[arg-type]  # a str from parametrize
    assert upcoming(schedule, "2026-11-01 01:00", 2) == [
        "2026-11-01 01:30-04:00",
        "2026-11-01 01:30-05:00",
    ]


def test_a_fire_registered_within_the_second_pass_waits_for_the_next_day() -> None:
    schedule = cron("30 1 * * *", timezone=NEW_YORK)
    in_second_pass = at("2026-11-01 06:10")
    assert schedule.next(in_second_pass) == at("2026-11-02 01:30", NEW_YORK)


def test_a_fire_moved_out_of_a_gap_is_noted() -> None:
    schedule = cron("30 2 * * *", timezone=NEW_YORK)
    assert schedule.note(at("2026-03-08 07:00")) == "gap"
    assert schedule.note(at("2026-03-09 06:30")) is None


def test_a_fire_that_merges_with_one_from_the_gap_is_noted() -> None:
    assert cron("0 2,3 * * *", timezone=NEW_YORK).note(at("2026-03-08 07:00")) == "gap"


def test_a_fire_at_the_end_of_a_gap_that_moved_nothing_is_not_noted() -> None:
    assert cron("0 3 * * *", timezone=NEW_YORK).note(at("2026-03-08 07:00")) is None
    assert cron("0 * * * *", timezone=NEW_YORK).note(at("2026-03-08 07:00")) is None
    skipping = cron("30 2 * * *", timezone=NEW_YORK, dst_gap="skip")
    assert skipping.note(at("2026-03-08 07:00")) is None


def test_both_passes_of_a_repeated_hour_are_noted() -> None:
    schedule = cron("30 * * * *", timezone=NEW_YORK)
    notes = [schedule.note(at(f"2026-11-01 0{hour}:30")) for hour in (4, 5, 6, 7)]
    assert notes == [None, "repeat", "repeat", None]
