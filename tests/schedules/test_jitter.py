"""Jitter spreads fire times, the same way for everybody."""

from __future__ import annotations

from datetime import timedelta

from app.schedules import cron, every

from .clock import at


def test_jitter_is_the_same_for_every_scheduler() -> None:
    schedule = cron("0 9 * * *", timezone="UTC", jitter="5m")
    time = at("2026-01-01 09:00")
    again = cron("0 9 * * *", timezone="UTC", jitter=300)
    assert schedule.jittered("weekly_report", time) == again.jittered("weekly_report", time)
    # Written down: a new release must not move what an older one has already placed.
    assert schedule.jittered("weekly_report", time) == time + timedelta(seconds=129)


def test_jitter_reaches_from_zero_to_its_bound_and_no_further() -> None:
    schedule = every("1h", jitter="3s")
    start = at("2026-01-01")
    offsets = {
        schedule.jittered("sync", start + n * timedelta(hours=1)) - start - n * timedelta(hours=1)
        for n in range(200)
    }
    assert offsets == {timedelta(seconds=seconds) for seconds in range(4)}


def test_schedules_that_fire_together_are_spread() -> None:
    schedule = cron("0 9 * * *", timezone="UTC", jitter="1m")
    times = {schedule.jittered(f"task_{n}", at("2026-01-01 09:00")) for n in range(500)}
    assert len(times) == 61


def test_without_jitter_a_fire_time_stays() -> None:
    time = at("2026-01-01 09:00")
    assert cron("0 9 * * *", timezone="UTC").jittered("any", time) == time
