"""Redis takes no writes, does not answer, cuts everybody off: nothing ends, nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError, ResponseError

from app import actions, keys
from app.system import System
from tests.engine.survival import Site, assert_no_gap_no_double
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import wait_until
from tests.servers import RedisServer

pytestmark = pytest.mark.timeout(120)

Outage = Callable[[Redis], None]


@pytest.fixture(scope="module")
def server(server_folder: Path) -> Iterator[RedisServer]:
    made = RedisServer(server_folder / "outages", durable=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def site(server: RedisServer, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    with Redis.from_url(server.url) as client:
        client.flushall()
    system = open_system(server.url, sqlite_url, tmp_path)
    release(system)
    made = Site(system, settings(system), tmp_path)
    made.start("scheduler", "worker")
    yield made
    system.close()


def settings(system: System) -> dict[str, str]:
    """Return the environment of its processes."""
    folder = system.settings.data_dir
    return {
        "REDIS_URL": system.settings.redis_url,
        "DATABASE_URL": system.settings.database_url,
        "TASK_MODULES": "tests.samples",
        "DATA_DIR": str(folder),
        "TEST_LEDGER": str(folder / "ledger"),
        "PYTHONPATH": str(Path.cwd()),
    }


def out_of_memory(redis: Redis) -> None:
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", 1)
    time.sleep(3)
    redis.config_set("maxmemory", 0)


def read_only(redis: Redis) -> None:
    # Of a primary that nobody can reach: it keeps what it has, but takes no writes.
    redis.replicaof("127.0.0.1", 1)
    time.sleep(3)
    redis.replicaof("NO", "ONE")


def paused(redis: Redis) -> None:
    redis.client_pause(6_500)
    time.sleep(6.5)


def cut_off(redis: Redis) -> None:
    for _ in range(15):
        redis.client_kill_filter(_type="normal", skipme=True)
        redis.client_kill_filter(_type="pubsub", skipme=True)
        time.sleep(0.2)


def loading(redis: Redis) -> None:
    redis.mset({f"filler:{number}": "x" * 2_000 for number in range(1_000)})
    redis.config_set("key-load-delay", 3_000)
    redis.config_set("loading-process-events-interval-bytes", 1024)
    seen: list[bool] = []

    def look() -> None:
        with Redis(connection_pool=redis.connection_pool) as other:
            for _ in range(200):
                try:
                    other.ping()
                except (ResponseError, ConnectionError) as error:
                    seen.append("loading" in str(error).lower())
                time.sleep(0.02)

    watch = threading.Thread(target=look)
    watch.start()
    redis.execute_command("DEBUG", "RELOAD")  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    watch.join()
    redis.config_set("key-load-delay", 0)
    redis.delete(*(f"filler:{number}" for number in range(1_000)))
    assert any(seen), "it never said that it is loading"


LONG = pytest.mark.long


@pytest.mark.parametrize(
    "outage",
    [
        out_of_memory,
        cut_off,
        pytest.param(read_only, marks=LONG),
        pytest.param(paused, marks=LONG),
        pytest.param(loading, marks=LONG),
    ],
    ids=lambda one: one.__name__,
)
def test_an_outage_ends_nothing_and_loses_nothing(
    site: Site, server: RedisServer, outage: Outage
) -> None:
    wait_until(lambda: len(site.fired("tick")) >= 2, 20, "two fire times")
    system = site.system
    waiting = [actions.trigger(system, OPERATOR, "greet").run_id for _ in range(5)]
    running = actions.trigger(system, OPERATOR, "waits", {"seconds": 2}).run_id
    site.wait_for(running, "running")
    accepted: list[str] = []
    done = threading.Event()

    def act() -> None:
        """Somebody goes on triggering; each gets an answer, at worst that it is pending."""
        while not done.is_set():
            accepted.append(actions.trigger(system, OPERATOR, "greet").run_id)
            done.wait(0.5)

    people = threading.Thread(target=act)
    people.start()
    with Redis.from_url(server.url, socket_timeout=60) as client:
        outage(client)
    over = time.time()
    wait_until(lambda: site.fired("tick")[-1] > over + 1, 10, "fire times after it")
    done.set()
    people.join()
    for run_id in (*waiting, running, *accepted):
        site.wait_for(run_id, "succeeded", timeout=20)
    assert_no_gap_no_double(site.fired("tick"), 1)
    ran = site.ledger()
    assert max(ran.values()) == 1, ran.most_common(3)
    assert site.processes["scheduler"].alive
    assert site.processes["worker"].alive
    assert system.redis.hlen(keys.QUARANTINE) == 0


def test_processes_started_while_everything_is_away_wait_for_it(
    own_redis: RedisServer, sqlite_url: str, tmp_path: Path
) -> None:
    system = open_system(own_redis.url, sqlite_url, tmp_path)
    release(system)
    database, elsewhere = tmp_path / "rota.sqlite3", tmp_path / "elsewhere.sqlite3"
    system.database.dispose()
    database.rename(elsewhere)
    database.mkdir()
    own_redis.kill()
    site = Site(system, settings(system), tmp_path)
    site.start("scheduler", "worker")
    time.sleep(4)
    assert site.processes["scheduler"].alive
    assert site.processes["worker"].alive
    database.rmdir()
    elsewhere.rename(database)
    own_redis.start()
    wait_until(lambda: len(site.fired("tick")) >= 2, 20, "two fire times")
    site.wait_for(actions.trigger(system, OPERATOR, "greet").run_id, "succeeded")
    system.close()


def test_only_a_refusal_ends_a_process_and_it_says_why(site: Site, server: RedisServer) -> None:
    wait_until(lambda: site.fired("tick"), 20, "the first fire time")
    with Redis.from_url(server.url) as client:
        client.config_set("requirepass", "a-new-password")
        try:
            client.client_kill_filter(_type="normal", skipme=True)
            site.start("worker-2")
            for name in ("scheduler", "worker", "worker-2"):
                assert site.processes[name].wait(40) == 1
                assert "refuses the credentials" in site.processes[name].output
                assert "Traceback" not in site.processes[name].output
        finally:
            client.auth("a-new-password")
            client.config_set("requirepass", "")
