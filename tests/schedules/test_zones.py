"""Zone data: pinned, and complete about every change of offset."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from app.schedules import TZDATA_VERSION, zone
from app.schedules.zones import period_at, zone_names

# Zones with the oddest rules: Ramadan, half hours, two hours, a day skipped, a country split.
ODD = ["Africa/Casablanca", "Asia/Gaza", "Antarctica/Troll", "Pacific/Apia", "Europe/Dublin"]


@pytest.mark.parametrize("name", ODD)
def test_no_change_of_offset_is_missed(name: str) -> None:
    instant, last = datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    while instant < last:
        plain = instant.replace(tzinfo=None)
        period = period_at(name, plain)
        assert period.start <= plain < period.end
        assert instant.astimezone(zone(name)).utcoffset() == period.offset
        instant += timedelta(hours=5)


def test_every_zone_of_the_database_loads() -> None:
    for name in zone_names():
        assert zone(name).key == name


def test_zone_data_comes_from_the_pinned_package_not_from_the_machine() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, **machine},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for machine in ({"TZ": "Asia/Tokyo"}, {"TZ": "UTC", "PYTHONTZPATH": ""}, {})
    }
    assert answers == {f"2026-03-08 07:00:00+00:00 {version('tzdata')}\n"}
    assert version("tzdata") == TZDATA_VERSION


PROGRAM = """
from datetime import UTC, datetime
from app.schedules import TZDATA_VERSION, cron
schedule = cron("30 2 * * *", timezone="America/New_York")
print(schedule.next(datetime(2026, 3, 8, tzinfo=UTC)), TZDATA_VERSION)
"""
