"""Many schedulers, wrong clocks, kills, a lock that vanishes, a frozen leader: each fire once."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import actions, keys
from tests.engine.survival import Site, assert_no_gap_no_double
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import Process, kill, start_process, wait_until
from tests.servers import RedisServer

SKEWS = (-2.0, -0.7, 0.0, 1.3, 3.0, 5.0)
SCHEDULES = 5
TAKEOVER_SECONDS = 10


@pytest.fixture
def site(own_redis: RedisServer, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    system = open_system(own_redis.url, sqlite_url, tmp_path)
    release(system)
    for number in range(SCHEDULES):
        actions.create_schedule(system, OPERATOR, "tick", f"s{number}", every="1s")
    environment = {
        "REDIS_URL": own_redis.url,
        "DATABASE_URL": sqlite_url,
        "TASK_MODULES": "tests.samples",
        "DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(Path.cwd()),
    }
    yield Site(system, environment, tmp_path)
    system.close()


def start(site: Site, *options: object) -> Process:
    argv = [sys.executable, "-m", "tests.engine.odd_scheduler", *map(str, options)]
    return start_process(argv, site.environment)


def names() -> list[str]:
    return ["tick", *(f"tick-s{number}" for number in range(SCHEDULES))]


def queued(site: Site) -> list[str]:
    """Return every run that was queued: no worker takes any away."""
    found: Any = site.system.redis.lrange(keys.queue("default"), 0, -1)
    return [run_id.decode() for run_id in found]


def wait_for_fires(site: Site, number: int) -> None:
    """Wait until each schedule has had so many more fire times queued, and they are recorded."""
    wanted = len(queued(site)) + number * len(names())
    wait_until(lambda: len(queued(site)) >= wanted, 40, "fire times")
    last = queued(site)[-1]
    wait_until(lambda: site.status(last), 20, f"the row of {last}")


def assert_each_once(site: Site) -> int:
    """Every second of every schedule has its row, and was queued once or missed; return how many.

    What came so late that a newer fire time was due as well is missed.
    """
    for name in names():
        assert_no_gap_no_double(site.fired(name), 1)
    waiting = queued(site)
    assert len(set(waiting)) == len(waiting)
    recorded = {row.run_id: row.status for row in site.rows("SELECT run_id, status FROM runs")}
    assert {run for run, status in recorded.items() if status == "queued"} <= set(waiting)
    assert set(recorded.values()) <= {"queued", "missed"}
    return len(recorded)


def race(site: Site, skews: tuple[float, ...], seconds: float, seed: int) -> int:
    """Let schedulers race while one is killed, or loses its lock, about twice a second."""
    seeded = random.Random(seed)
    racing = [start(site, "--skew", skew) for skew in skews]
    wait_until(lambda: queued(site), 40, "the first fire time")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(seeded.uniform(0.2, 0.8))
        if seeded.random() < 0.6:
            site.system.redis.delete(keys.LOCK)
        else:
            number = seeded.randrange(len(racing))
            kill(racing[number])
            racing[number] = start(site, "--skew", skews[number])
    wait_for_fires(site, 2)
    return assert_each_once(site)


@pytest.mark.timeout(120)
def test_racing_schedulers_with_wrong_clocks_fire_everything_once(site: Site) -> None:
    assert race(site, SKEWS[::2], 3, seed=1) > 3 * SCHEDULES


@pytest.mark.long
@pytest.mark.timeout(400)
def test_six_racing_schedulers_fire_everything_once_for_two_minutes(site: Site) -> None:
    assert race(site, SKEWS, 120, seed=2) > 110 * SCHEDULES


def freeze_the_leader(site: Site, lease_ms: int, seconds: float) -> float:
    """Freeze the leader between its judgement and its write; return how long none fired."""
    order = site.folder / "freeze"
    frozen, answers = order.with_suffix(".frozen"), order.with_suffix(".answers")
    leader = start(site, "--lease-ms", lease_ms, "--freeze-when", order)
    wait_until(lambda: queued(site), 40, "the first fire time")
    start(site, "--lease-ms", lease_ms)
    wait_until(lambda: site.system.redis.hlen(keys.SCHEDULERS) == 2, 40, "the standby")
    order.touch()
    wait_until(frozen.exists, 5, "the leader to freeze")
    since = time.monotonic()
    wait_for_fires(site, 1)
    away = time.monotonic() - since
    time.sleep(max(seconds - away, 0))
    kill(leader, signal.SIGCONT)
    wait_until(answers.exists, 20, "the late write's answer")
    # Of everything it had judged, nothing was written; and the other one still leads.
    assert answers.read_text() == "FENCED"
    wait_for_fires(site, 3)
    assert_each_once(site)
    return away


@pytest.mark.timeout(120)
def test_a_leader_that_was_frozen_is_fenced(site: Site) -> None:
    assert freeze_the_leader(site, 1_500, 4) < TAKEOVER_SECONDS


@pytest.mark.long
@pytest.mark.timeout(200)
def test_a_leader_that_was_frozen_for_thirty_seconds_is_fenced(site: Site) -> None:
    assert freeze_the_leader(site, 6_000, 30) < TAKEOVER_SECONDS
