"""Processes are killed; nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from app import actions
from tests.engine.survival import Site, assert_no_gap_no_double
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import kill, wait_until
from tests.servers import RedisServer

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def site(own_redis: RedisServer, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    system = open_system(own_redis.url, sqlite_url, tmp_path)
    release(system)
    environment = {
        "REDIS_URL": own_redis.url,
        "DATABASE_URL": sqlite_url,
        "TASK_MODULES": "tests.samples",
        "DATA_DIR": str(tmp_path),
        "TEST_LEDGER": str(tmp_path / "ledger"),
        "PYTHONPATH": str(Path.cwd()),
    }
    yield Site(system, environment, tmp_path)
    system.close()


def test_a_killed_scheduler_loses_and_doubles_no_fire_time(site: Site) -> None:
    site.start("scheduler", "worker")
    wait_until(lambda: len(site.fired("tick")) >= 3, 15, "three fire times")
    for _ in range(3):
        kill(site.processes["scheduler"])
        site.start("scheduler")
        time.sleep(1.5)
    seen = len(site.fired("tick"))
    wait_until(lambda: len(site.fired("tick")) >= seen + 3, 20, "fire times after the kills")
    assert_no_gap_no_double(site.fired("tick"), 1)
    assert max(site.ledger().values()) == 1


def test_a_standby_takes_over_from_a_killed_leader_within_ten_seconds(site: Site) -> None:
    site.start("scheduler", "worker")
    wait_until(lambda: site.fired("tick"), 15, "the first fire time")
    site.start("scheduler-2")
    time.sleep(1.5)
    kill(site.processes["scheduler"])
    killed = time.monotonic()
    seen = len(site.fired("tick"))
    wait_until(lambda: len(site.fired("tick")) > seen + 1, 10, "the standby to fire")
    assert time.monotonic() - killed < 10
    assert_no_gap_no_double(site.fired("tick"), 1)


def test_a_run_of_a_killed_worker_starts_again_within_thirty_seconds(site: Site) -> None:
    site.start("scheduler", "worker")
    accepted = actions.trigger(site.system, OPERATOR, "waits", {"seconds": 4})
    site.wait_for(accepted.run_id, "running")
    kill(site.processes["worker"])
    killed = time.monotonic()
    site.start("worker-2")
    wait_until(lambda: _attempt(site, accepted.run_id) == 2, 30, "the second attempt")
    assert time.monotonic() - killed < 30
    site.wait_for(accepted.run_id, "succeeded")
    outcomes = site.rows(
        "SELECT outcome FROM attempts WHERE run_id = :id ORDER BY attempt", id=accepted.run_id
    )
    assert [row.outcome for row in outcomes] == ["lost", "succeeded"]


def test_the_child_of_a_killed_worker_is_gone_within_a_second(site: Site) -> None:
    site.start("scheduler", "worker")
    accepted = actions.trigger(site.system, OPERATOR, "waits", {"seconds": 30})
    site.wait_for(accepted.run_id, "running")
    worker = site.processes["worker"].pid
    children = wait_until(lambda: _children(worker), 5, "the worker's child")
    kill(site.processes["worker"])
    wait_until(lambda: not any(_alive(pid) for pid in children), 1, "the child's end")


def test_a_flush_of_redis_keeps_history_pause_and_schedule(
    site: Site, own_redis: RedisServer
) -> None:
    site.start("scheduler", "worker")
    wait_until(lambda: len(site.fired("tick")) >= 3, 15, "three fire times")
    actions.pause(site.system, OPERATOR, "greet", "the office is closed")
    before = site.fired("tick")
    with Redis.from_url(own_redis.url) as client:
        client.flushall()
    flushed = time.time()
    wait_until(lambda: site.fired("tick")[-1] > flushed, 5, "fire times after the flush")
    time.sleep(2)
    times = site.fired("tick")
    assert times[: len(before)] == before
    assert_no_gap_no_double(times, 1)
    with Redis.from_url(own_redis.url) as client:
        assert client.hexists("rota:pauses", "greet")
        assert client.zscore("rq:scheduler:scheduled_jobs", "greet") is None
        assert client.zscore("rq:scheduler:scheduled_jobs", "morning") is not None


def test_a_running_run_survives_a_flush_of_redis(site: Site, own_redis: RedisServer) -> None:
    site.start("scheduler", "worker")
    accepted = actions.trigger(site.system, OPERATOR, "waits", {"seconds": 8})
    site.wait_for(accepted.run_id, "running")
    with Redis.from_url(own_redis.url) as client:
        client.flushall()
    site.wait_for(accepted.run_id, "succeeded")
    attempts = site.rows("SELECT attempt FROM attempts WHERE run_id = :id", id=accepted.run_id)
    assert len(attempts) == 1


def test_redis_killed_and_restarted_loses_nothing(site: Site, own_redis: RedisServer) -> None:
    site.start("scheduler", "worker")
    wait_until(lambda: len(site.fired("tick")) >= 3, 15, "three fire times")
    own_redis.kill()
    time.sleep(2)
    own_redis.start()
    restarted = time.time()
    wait_until(lambda: site.fired("tick")[-1] > restarted + 2, 15, "fire times after the restart")
    assert_no_gap_no_double(site.fired("tick"), 1)
    assert site.processes["scheduler"].alive
    assert site.processes["worker"].alive
    wait_until(
        lambda: not site.rows("SELECT 1 FROM runs WHERE status = 'running' AND task_id = 'tick'"),
        20, "all runs to end",
    )  # fmt: skip


def test_a_database_that_is_away_delays_no_fire_and_no_run(site: Site, sqlite_url: str) -> None:
    site.start("scheduler", "worker")
    wait_until(lambda: len(site.ledger()) >= 2, 15, "two runs")
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as holder:
        holder.isolation_level = None
        holder.execute("BEGIN EXCLUSIVE")
        before = len(site.ledger())
        time.sleep(5)
        assert len(site.ledger()) >= before + 4
        holder.execute("ROLLBACK")
    ran = len(site.ledger())
    wait_until(lambda: len(site.fired("tick")) > ran, 20, "the history to catch up")
    assert_no_gap_no_double(site.fired("tick"), 1)


def test_a_deploy_puts_a_long_run_back_without_using_an_attempt(site: Site) -> None:
    site.start("scheduler", "worker")
    accepted = actions.trigger(site.system, OPERATOR, "waits", {"seconds": 5})
    site.wait_for(accepted.run_id, "running")
    # The second signal ends the waiting at once, as a host does that has no patience.
    kill(site.processes["worker"], signal.SIGTERM, group=True)
    time.sleep(0.3)
    kill(site.processes["worker"], signal.SIGTERM, group=True)
    assert site.processes["worker"].wait(10) == 0
    site.wait_for(accepted.run_id, "queued")
    site.start("worker-2")
    site.wait_for(accepted.run_id, "succeeded")
    attempts = site.rows("SELECT attempt FROM attempts WHERE run_id = :id", id=accepted.run_id)
    assert [row.attempt for row in attempts] == [1]


def test_a_deploy_lets_a_short_run_end(site: Site) -> None:
    site.start("scheduler", "worker")
    accepted = actions.trigger(site.system, OPERATOR, "waits", {"seconds": 2})
    site.wait_for(accepted.run_id, "running")
    kill(site.processes["worker"], signal.SIGTERM, group=True)
    assert site.processes["worker"].wait(10) == 0
    site.wait_for(accepted.run_id, "succeeded")


def _attempt(site: Site, run_id: str) -> int:
    return int(site.rows("SELECT attempt FROM runs WHERE run_id = :id", id=run_id)[0].attempt)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
