"""The JSON form: exact, canonical, and the same after a round trip."""

from __future__ import annotations

import json

import pytest

from app.schedules import Cron, Interval, cron, every, parse_schedule, schedule_from_json

from .clock import at

SCHEDULES: list[Cron | Interval] = [
    cron("0 9 * * *"),
    cron("@daily", timezone="America/New_York", dst_gap="skip", dst_fold="both", jitter="30s"),
    cron("*/10 * * * * *", timezone="UTC", start=at("2026-01-01"), end=at("2026-02-01 00:00:01")),
    cron(day_of_week="fri#3", hour=8),
    cron("0 9 * * *", max_runs=5),
    every("1h", max_runs=1),
    every("30m"),
    every("1s", anchor=at("2026-01-01 00:20"), timezone="Asia/Tokyo", jitter=5),
    every("2d", start=at("2026-01-01", "Asia/Tokyo"), end=at("2027-01-01")),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_survives_a_round_trip_through_text(schedule: Cron | Interval) -> None:
    text = json.dumps(schedule.to_json())
    again = schedule_from_json(json.loads(text))
    assert again == schedule
    assert type(again) is type(schedule)
    assert json.dumps(again.to_json()) == text
    assert again.in_zone("UTC").next(at("2026-01-01")) == schedule.in_zone("UTC").next(
        at("2026-01-01")
    )


def test_every_key_but_an_unset_limit_is_always_there_in_one_order() -> None:
    assert json.dumps(cron("0 9 * * *", timezone="UTC").to_json()) == (
        '{"kind": "cron", "expression": "0 9 * * *", "timezone": "UTC", "start": null, '
        '"end": null, "dst_gap": "end", "dst_fold": "first", "jitter_seconds": 0}'
    )
    assert json.dumps(every("30m").to_json()) == (
        '{"kind": "interval", "every_seconds": 1800, "timezone": null, "anchor": null, '
        '"start": null, "end": null, "jitter_seconds": 0}'
    )


def test_the_same_instant_in_another_zone_has_the_same_form() -> None:
    tokyo, utc = at("2026-01-01 09:00", "Asia/Tokyo"), at("2026-01-01 00:00")
    assert every("1h", start=tokyo).to_json() == every("1h", start=utc).to_json()


def test_missing_keys_take_their_defaults() -> None:
    assert schedule_from_json({"kind": "cron", "expression": "0 9 * * *"}) == cron("0 9 * * *")
    assert schedule_from_json({"every_seconds": 60, "kind": "interval"}) == every("1m")


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("0 9 * * *", cron("0 9 * * *", timezone="Asia/Tokyo")),
        (" @daily ", cron("@daily", timezone="Asia/Tokyo")),
        ("@every 90s", every("90s", timezone="Asia/Tokyo")),
        ("@every 1h30m", every("1h30m", timezone="Asia/Tokyo")),
        ("CRON_TZ=Europe/London 0 9 * * mon", cron("0 9 * * mon", timezone="Europe/London")),
        ("CRON_TZ=Europe/London @every 5m", every("5m", timezone="Europe/London")),
    ],
)
def test_one_line_of_text_makes_a_schedule(text: str, schedule: Cron | Interval) -> None:
    assert parse_schedule(text, "Asia/Tokyo") == schedule


def test_text_without_a_zone_leaves_it_to_the_application() -> None:
    assert parse_schedule("0 9 * * *").timezone is None
