"""Which fire time runs when some could not be honoured on time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.misfire import COUNTED, Verdict, judge
from app.policies import MISFIRE_CAP
from app.schedules import cron, every

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HALF_HOURLY = every("30m")
EVERY_SECOND = every("1s")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def verdict(
    since: float, policy: str = "latest", grace: int | None = None, late: float = 1
) -> Verdict:
    """Judge the fire times of a half-hourly schedule since some minutes before noon."""
    return judge(HALF_HOURLY, at(-since), NOON + timedelta(seconds=late), policy, grace)


@pytest.mark.parametrize("policy", ["latest", "all", "skip"])
def test_one_fire_time_on_time_fires_whatever_the_policy(policy: str) -> None:
    assert verdict(0, policy) == Verdict(NOON, (), NOON, at(30))


def test_latest_fires_the_newest_and_tells_of_the_others() -> None:
    found = verdict(90)
    assert (found.fire, found.passed, found.next) == (NOON, NOON, at(30))
    assert [one.at for one in found.missed] == [at(-90), at(-60), at(-30)]
    assert {one.reason for one in found.missed} == {"a newer fire time was due as well"}


def test_all_fires_the_oldest_and_comes_back_for_the_rest() -> None:
    found = verdict(90, "all")
    assert (found.fire, found.missed, found.next) == (at(-90), (), at(-60))
    fired = []
    nominal: datetime | None = at(-90)
    while nominal is not None and nominal <= NOON:
        one = judge(HALF_HOURLY, nominal, NOON, "all", None)
        fired.append(one.fire)
        nominal = one.next
    assert fired == [at(-90), at(-60), at(-30), at(0)]


def test_skip_fires_nothing_that_is_late() -> None:
    found = verdict(60, "skip", late=16)
    assert (found.fire, found.passed, found.next) == (None, NOON, at(30))
    assert [one.at for one in found.missed] == [at(-60), at(-30), NOON]
    assert "16 s late, and late fire times are skipped" in found.missed[-1].reason


def test_skip_forgives_a_moment() -> None:
    assert verdict(0, "skip", late=15).fire == NOON


@pytest.mark.parametrize("policy", ["latest", "all", "skip"])
def test_nothing_older_than_the_grace_runs(policy: str) -> None:
    found = verdict(0, policy, grace=60, late=61)
    assert (found.fire, found.next) == (None, at(30))
    assert [one.at for one in found.missed] == [NOON]
    assert "grace" in found.missed[0].reason
    assert verdict(0, "latest", grace=60, late=60).fire == NOON


def test_of_all_those_within_the_grace_run() -> None:
    found = verdict(90, "all", grace=3700)
    assert found.fire == at(-60)
    assert [one.at for one in found.missed] == [at(-90)]


def test_beyond_a_hundred_missed_ones_a_single_row_tells_range_and_count() -> None:
    nominal = NOON - timedelta(seconds=500)
    found = judge(EVERY_SECOND, nominal, NOON, "latest", None)
    *rows, rest = found.missed
    assert len(rows) == MISFIRE_CAP
    assert [one.at for one in rows] == [nominal + timedelta(seconds=n) for n in range(100)]
    assert (rest.at, rest.until, rest.count) == (
        nominal + timedelta(seconds=100),
        NOON - timedelta(seconds=1),
        400,
    )
    assert rest.counted == "400"
    assert found.fire == NOON


def test_exactly_a_hundred_missed_ones_are_a_hundred_rows() -> None:
    found = judge(EVERY_SECOND, NOON - timedelta(seconds=100), NOON, "latest", None)
    assert len(found.missed) == 100
    assert {one.until for one in found.missed} == {None}


def test_more_than_anybody_counts_is_told_as_that() -> None:
    found = judge(EVERY_SECOND, NOON - timedelta(days=400), NOON, "latest", None)
    assert found.missed[-1].count == COUNTED
    assert found.missed[-1].counted == "10,000 or more"
    assert found.missed[-1].until == NOON - timedelta(seconds=1)


@pytest.mark.parametrize("gap", [100, 5_000, 40_000, 400 * 86_400])
def test_all_makes_good_the_last_hundred_however_many_were_missed(gap: int) -> None:
    found = judge(EVERY_SECOND, NOON - timedelta(seconds=gap), NOON, "all", None)
    assert found.fire == NOON - timedelta(seconds=99)
    assert found.missed[0].at == NOON - timedelta(seconds=gap)
    last = found.missed[-1]
    assert (last.until or last.at) == NOON - timedelta(seconds=100)


def test_a_fire_time_that_the_schedule_no_longer_has_fires_all_the_same() -> None:
    # It was due before the schedule was edited; the next one is the new schedule's.
    found = judge(cron("0 9 * * *", timezone="UTC"), at(-5), NOON, "latest", None)
    assert (found.fire, found.next) == (at(-5), datetime(2026, 6, 2, 9, tzinfo=UTC))


def test_after_the_last_fire_time_there_is_no_next() -> None:
    schedule = every("30m", end=NOON)
    found = judge(schedule, NOON, at(10), "latest", None)
    assert (found.fire, found.next) == (NOON, None)


def test_missed_times_follow_the_wall_clock_across_a_change() -> None:
    # Clocks in Berlin went forward on 29 March 2026 at 1:00 UTC.
    schedule = cron("0 9 * * *", timezone="Europe/Berlin")
    first = datetime(2026, 3, 27, 8, tzinfo=UTC)
    found = judge(schedule, first, datetime(2026, 3, 30, 8, tzinfo=UTC), "latest", None)
    assert [one.at.hour for one in found.missed] == [8, 8, 7]
    assert found.fire == datetime(2026, 3, 30, 7, tzinfo=UTC)
