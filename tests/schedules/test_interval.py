"""Intervals: anchored, without drift, in real seconds."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from app.schedules import Interval, every

from .clock import FOR_EVER, at


def test_ten_thousand_ticks_do_not_drift() -> None:
    anchor = at("2026-03-01 00:00:07")
    schedule = every("5s", anchor=anchor)
    late = random.Random(7)
    time = anchor
    for tick in range(1, 10_001):
        # Each question comes up to 4.9 s late, as a busy scheduler's would.
        following = schedule.next(time + timedelta(milliseconds=late.randrange(4_900)))
        assert following == anchor + tick * timedelta(seconds=5)
        time = following


def test_ticks_keep_real_distance_over_a_change_of_clocks() -> None:
    schedule = every("1d", anchor=at("2026-03-07 12:00"), timezone="America/New_York")
    assert schedule.between(at("2026-03-07 12:00"), at("2026-03-09 12:00")) == [
        at("2026-03-08 12:00"),
        at("2026-03-09 12:00"),
    ]


def test_without_an_anchor_every_scheduler_agrees_on_the_epochs_multiples() -> None:
    assert every("30m").next(at("2026-01-01 09:12:34")) == at("2026-01-01 09:30")
    assert every("2h").next(at("2026-01-01 09:30")) == at("2026-01-01 10:00")


def test_an_anchor_in_the_future_sets_the_phase_only() -> None:
    schedule = every("1h", anchor=at("2030-01-01 00:20"))
    assert schedule.next(at("2026-01-01 09:00")) == at("2026-01-01 09:20")


def test_an_anchor_is_cut_to_whole_seconds() -> None:
    schedule = every("1h", anchor=at("2026-01-01 00:20") + timedelta(microseconds=999))
    assert schedule.next(at("2026-01-01 09:00")) == at("2026-01-01 09:20")


@pytest.mark.parametrize("anchor", [None, "1969-12-31 23:59:59", "2026-01-01 00:00:01"])
@pytest.mark.parametrize("seconds", [1, 7, 3600, 86_400 * 365])
def test_next_and_latest_fit_the_definition(seconds: int, anchor: str | None) -> None:
    base = at(anchor) if anchor else None
    schedule = every(seconds=seconds, anchor=base)
    seeded = random.Random(seconds)
    for _ in range(50):
        instant = at("2026-01-01") + timedelta(seconds=seeded.randrange(10**8) + 0.5)
        origin = (base or datetime(1970, 1, 1, tzinfo=UTC)).timestamp()
        n = (instant.timestamp() - origin) // seconds
        newest = datetime.fromtimestamp(origin + n * seconds, UTC)
        assert schedule.latest(at("1980-01-01"), instant) == newest
        assert schedule.next(instant) == newest + timedelta(seconds=seconds)
        assert schedule.latest(newest, instant) is None


def test_start_and_end_are_inclusive() -> None:
    schedule = every("1h", start=at("2026-01-01 09:00"), end=at("2026-01-01 11:00"))
    assert schedule.between(at("2020-01-01"), FOR_EVER) == [
        at("2026-01-01 09:00"),
        at("2026-01-01 10:00"),
        at("2026-01-01 11:00"),
    ]
    assert schedule.next(at("2026-01-01 11:00")) is None
    assert schedule.latest(at("2020-01-01"), at("2027-01-01")) == at("2026-01-01 11:00")


def test_a_tick_in_a_repeated_hour_is_noted_in_its_display_zone() -> None:
    schedule = every("30m", timezone="America/New_York")
    assert schedule.note(at("2026-11-01 06:30")) == "repeat"
    assert schedule.note(at("2026-11-01 07:00")) is None
    assert every("30m").note(at("2026-11-01 06:30")) is None


def test_the_display_zone_is_filled_in_and_changes_no_fire_time() -> None:
    plain = every("30m")
    shown = plain.in_zone("Asia/Kathmandu")
    assert shown.timezone == "Asia/Kathmandu"
    assert shown.in_zone("UTC") is shown
    assert shown.next(at("2026-01-01")) == plain.next(at("2026-01-01"))
    assert plain.kind == "interval"
    assert plain == Interval(1800)
