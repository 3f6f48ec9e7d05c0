"""Foreign rq-scheduler entries are taken over without running anything in them."""

from __future__ import annotations

import os
import pickle
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rq_scheduler import Scheduler as StockScheduler

from app import keys, reads
from app.adoption import Foreign, found, take_over
from app.errors import Conflict
from app.system import System
from tests.fixtures import OPERATOR

NOW = datetime.now(UTC)

# What rq-scheduler 0.14 itself warns of each time it computes a cron time.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:\s*Version 0.22.0:FutureWarning"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]


@pytest.fixture
def stock(sqlite_system: System) -> Any:
    """rq-scheduler as it comes, which pickles."""
    return StockScheduler(connection=sqlite_system.redis)


def _only(system: System) -> Foreign:
    entries = list(found(system.redis, system.catalogue))
    assert len(entries) == 1
    return entries[0]


def test_a_cron_entry_becomes_a_schedule_with_its_arguments(
    sqlite_system: System, stock: Any
) -> None:
    stock.cron("0 9 * * *", func="tests.samples.basic.greet", args=["Ada"], kwargs={"times": 2})
    entry = _only(sqlite_system)
    assert entry.problem is None
    made = take_over(sqlite_system, OPERATOR, entry, NOW)
    view = reads.task(sqlite_system, "greet", NOW)
    schedule = next(each for each in view.schedules if each.schedule_id == made)
    assert (schedule.cron, schedule.timezone) == ("0 9 * * *", "UTC")
    assert list(found(sqlite_system.redis, sqlite_system.catalogue)) == []


def test_days_of_month_and_of_week_together_are_warned_of(
    sqlite_system: System, stock: Any
) -> None:
    stock.cron("0 0 13 * 5", func="tests.samples.basic.greet")
    assert "OR the day of week" in (_only(sqlite_system).warning or "")


def test_an_interval_and_a_single_run_are_taken_over(sqlite_system: System, stock: Any) -> None:
    stock.schedule(NOW, "tests.samples.basic.greet", interval=90)
    assert take_over(sqlite_system, OPERATOR, _only(sqlite_system), NOW).startswith(
        "greet-adopted_"
    )
    at = NOW + timedelta(hours=1)
    stock.enqueue_at(at, "tests.samples.basic.greet", "Grace")
    run_id = take_over(sqlite_system, OPERATOR, _only(sqlite_system), NOW)
    assert reads.run(sqlite_system, run_id).arguments == {"name": "Grace"}


@pytest.mark.parametrize(("repeat", "most"), [(5, 5), (1, 1), (0, 1)])
def test_a_limited_repeat_becomes_a_limit(
    sqlite_system: System, stock: Any, repeat: int, most: int
) -> None:
    stock.schedule(NOW, "tests.samples.basic.greet", interval=90, repeat=repeat)
    made = take_over(sqlite_system, OPERATOR, _only(sqlite_system), NOW)
    view = reads.task(sqlite_system, "greet", NOW)
    assert {each.schedule_id: each.max_runs for each in view.schedules}[made] == most


def test_unknown_functions_are_left_and_said(sqlite_system: System, stock: Any) -> None:
    stock.cron("0 9 * * *", func="os.getcwd")
    entry = _only(sqlite_system)
    assert "no task here" in (entry.problem or "")
    with pytest.raises(Conflict):
        take_over(sqlite_system, OPERATOR, entry, NOW)
    assert sqlite_system.redis.zcard(keys.SCHEDULE) == 1


class _Bomb:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def test_a_pickle_that_would_run_something_is_not_run(
    sqlite_system: System, tmp_path: Path
) -> None:
    marker = tmp_path / "ran"
    data = pickle.dumps(("tests.samples.basic.greet", None, (_Bomb(marker),), {}))
    sqlite_system.redis.hset("rq:job:bomb", mapping={"data": zlib.compress(data)})
    sqlite_system.redis.zadd(keys.SCHEDULE, {"bomb": 1})
    entry = _only(sqlite_system)
    assert "more than plain values" in (entry.problem or "")
    assert not marker.exists()
