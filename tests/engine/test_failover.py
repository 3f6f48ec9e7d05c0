"""The primary is killed, Sentinel promotes its replica, and everything goes on by itself."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app import actions, keys
from app.connection import connect
from app.sentinel import SentinelAddress, parse_sentinel
from tests.engine.survival import Site, assert_no_gap_no_double
from tests.failover import Pair
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import wait_until

pytestmark = pytest.mark.timeout(120)


def test_a_failover_loses_nothing_that_was_replicated(
    server_folder: Path, sqlite_url: str, tmp_path: Path
) -> None:
    pair = Pair(server_folder / "pair")
    pair.start()
    system = open_system(pair.url, sqlite_url, tmp_path)
    release(system)
    environment = {
        "REDIS_URL": pair.url,
        "DATABASE_URL": sqlite_url,
        "TASK_MODULES": "tests.samples",
        "DATA_DIR": str(tmp_path),
        "TEST_LEDGER": str(tmp_path / "ledger"),
        "PYTHONPATH": str(Path.cwd()),
    }
    site = Site(system, environment, tmp_path)
    site.start("scheduler", "worker")
    wait_until(lambda: len(site.fired("tick")) >= 2, 20, "two fire times")
    accepted = [actions.trigger(system, OPERATOR, "greet").run_id for _ in range(20)]
    running = actions.trigger(system, OPERATOR, "waits", {"seconds": 6}).run_id
    site.wait_for(running, "running")
    incarnation = system.redis.get(keys.INCARNATION)
    assert pair.client(0).wait(1, 5_000) == 1
    pair.kill_primary()
    killed = time.time()
    pair.wait_for_promotion()
    promoted = time.time()
    wait_until(lambda: max(site.fired("tick"), default=0) > promoted + 1, 30, "fire times after it")
    for run_id in (*accepted, running):
        site.wait_for(run_id, "succeeded")
    assert system.redis.get(keys.INCARNATION) == incarnation
    attempts = site.rows("SELECT attempt FROM attempts WHERE run_id = :id", id=running)
    assert len(attempts) == 1
    # What fired after the last replicated write may be fired again, under the same id.
    assert_no_gap_no_double(site.fired("tick"), 1)
    assert site.processes["scheduler"].alive
    assert site.processes["worker"].alive
    assert actions.pause(system, OPERATOR, "greet", "holiday")
    assert promoted - killed < 20
    system.close()


GOOD = {
    "sentinel://one/rota": SentinelAddress((("one", 26379),), "rota", 0, None, None),
    "sentinel://one:1,two:2/rota/3": SentinelAddress(
        (("one", 1), ("two", 2)), "rota", 3, None, None
    ),
    "sentinel://ada:p%40ss@one/rota": SentinelAddress((("one", 26379),), "rota", 0, "ada", "p@ss"),
    "sentinel://:pass@[::1]:5/my-master": SentinelAddress(
        (("::1", 5),), "my-master", 0, None, "pass"
    ),
}


@pytest.mark.parametrize("url", GOOD)
def test_an_address_is_understood(url: str) -> None:
    assert parse_sentinel(url) == GOOD[url]
    connect(url).close()


@pytest.mark.parametrize(
    "url",
    ["sentinel://", "sentinel://one", "sentinel:///rota", "sentinel://one,/rota",
     "sentinel://one:0/rota", "sentinel://one:99999/rota", "sentinel://one/rota/x",
     "sentinel://one/rota?x=1", "redis://one/rota"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"sentinel://|HOST"):
        parse_sentinel(url)
