"""Counts of past days for heat map and charts, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import reads
from app.errors import Unknown
from app.reads.percentiles import percentile
from app.records.database import writing
from app.records.schema import releases
from app.system import System
from tests.engine.test_screens import ERROR, write

NOW = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)


def cells(system: System, zone: str) -> dict[tuple[str, str], int]:
    found = reads.week(system, NOW, ZoneInfo(zone))
    return {(f"{c.start:%d %H:%M}", c.status): c.number for c in found.cells}


def test_a_week_is_counted_by_hour_and_outcome(system: System) -> None:
    for minutes in (5, 10, 35):
        write(system, f"good{minutes}", NOW - timedelta(minutes=minutes))
    write(system, "bad", NOW - timedelta(minutes=6), status="failed", error=ERROR)
    write(system, "old", NOW - timedelta(days=7))
    assert cells(system, "UTC") == {
        ("10 12:00", "succeeded"): 2,
        ("10 12:00", "failed"): 1,
        ("10 11:00", "succeeded"): 1,
    }


def test_hours_begin_where_they_do_in_the_zone_that_is_shown(system: System) -> None:
    write(system, "a", datetime(2026, 6, 10, 11, 20, tzinfo=UTC))
    write(system, "b", datetime(2026, 6, 10, 11, 40, tzinfo=UTC))
    assert cells(system, "Asia/Kolkata") == {
        ("10 10:30", "succeeded"): 1,
        ("10 11:30", "succeeded"): 1,
    }


def test_a_week_has_its_deploys(system: System) -> None:
    at = NOW - timedelta(hours=3)
    with writing(system.database) as connection:
        connection.execute(releases.insert().values(catalogue_hash="x", at=at))
    assert at in reads.week(system, NOW, ZoneInfo("UTC")).releases


def test_an_hour_or_a_day_is_searched_for(system: System) -> None:
    write(system, "at-nine", datetime(2026, 6, 9, 9, tzinfo=UTC))
    write(system, "at-ten", datetime(2026, 6, 9, 10, tzinfo=UTC))
    found = {
        q: [run.run_id for run in reads.runs(system, q=q, now=NOW).items]
        for q in ("at:2026-06-09T09", "at:2026-06-09", "at:2026-06-10", "at:2026-06-09T11+01:00")
    }
    assert list(found.values()) == [["at-nine"], ["at-ten", "at-nine"], [], ["at-ten"]]


def test_a_queue_s_hours_tell_waits_throughput_and_depth(system: System) -> None:
    for number, wait in enumerate((1, 2, 3, 40)):
        queued = NOW - timedelta(minutes=20 - number)
        started = queued + timedelta(seconds=wait)
        write(
            system, f"r{number}", queued, queue="default", started_at=started,
            ended_at=started, status="failed" if number == 3 else "succeeded",
        )  # fmt: skip
    stuck = NOW - timedelta(minutes=80)
    write(system, "stuck", stuck, queue="default", started_at=None, ended_at=None, status="queued")
    write(system, "other", NOW - timedelta(minutes=5), queue="low")
    _, history, _ = reads.queue_history(system, "default", NOW)
    hour = history.hours[-1]
    assert (hour.start, hour.ended, hour.failed) == (NOW.replace(minute=0), 4, 1)
    assert (hour.wait_p50, hour.wait_p95) == (2.0, 40.0)
    assert (hour.depth, hour.oldest_age_seconds) == (1, 4800.0)
    assert [h.depth for h in history.hours[-3:]] == [0, 1, 1]


def test_a_queue_that_nobody_knows_has_no_history(sqlite_system: System) -> None:
    with pytest.raises(Unknown):
        reads.queue_history(sqlite_system, "nothing", NOW)


def test_a_percentile_is_a_value_that_occurred() -> None:
    values = [1.0, 2.0, 3.0, 4.0]
    assert [percentile(values, share) for share in (0, 50, 75, 95, 100)] == [1, 2, 3, 4, 4]
    assert percentile([], 50) is None
