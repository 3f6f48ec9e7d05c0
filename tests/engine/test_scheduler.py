"""The scheduler's own passes: take over, fire, move, stand by, leave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app import actions, keys
from app.errors import SettingsError
from app.records.database import writing
from app.records.migrate import migrate
from app.scheduler import Scheduler
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, held, make_due, queued, rows, server_now, stand_at, statuses
from tests.fixtures import OPERATOR, open_system
from tests.processes import wait_until


@pytest.fixture
def scheduler(sqlite_system: System) -> Iterator[Scheduler]:
    made = Scheduler(sqlite_system, name="one")
    yield made
    made.stop()
    made.wake.close()


def test_a_first_pass_takes_over_and_fires(sqlite_system: System, scheduler: Scheduler) -> None:
    due = make_due(sqlite_system, "greet")
    scheduler.tick()
    assert (f"greet--{int(due.timestamp())}", "queued") in statuses(sqlite_system.redis)
    assert rows(sqlite_system, "SELECT * FROM recorder")
    assert sqlite_system.redis.zcard(keys.SCHEDULE) == 3


def test_it_sleeps_no_longer_than_to_the_next_fire_time(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    scheduler.tick()
    sqlite_system.redis.zrem(keys.SCHEDULE, "tick", "morning")
    for _ in range(20):
        if scheduler.tick():
            break
    soon = server_now(sqlite_system.redis).replace(microsecond=0)
    stand_at(sqlite_system.redis, "greet", soon.replace(second=0, microsecond=0))
    assert scheduler.tick() == 0, "after a fire it looks again at once"
    assert 0 <= scheduler.tick() <= 1


def test_a_standby_fires_nothing(sqlite_system: System, scheduler: Scheduler) -> None:
    scheduler.tick()
    other = Scheduler(sqlite_system, name="two")
    make_due(sqlite_system, "greet")
    other.tick()
    assert queued(sqlite_system.redis) == []
    notes: Any = sqlite_system.redis.hgetall(keys.SCHEDULERS)
    leads = {name.decode(): json.loads(note)["leads"] for name, note in notes.items()}
    assert leads["two"] is False


def test_a_delayed_run_is_moved_also_in_a_queue_that_the_settings_do_not_name(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    redis = sqlite_system.redis
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    redis.delete(keys.queue("default"))
    redis.sadd(keys.QUEUES, "rq:queue:elsewhere")
    redis.hset(keys.job(run_id), "status", "scheduled")
    redis.zadd(keys.delayed("elsewhere"), {run_id: 1})
    end = time.monotonic() + 5
    while not queued(redis, "elsewhere") and time.monotonic() < end:
        scheduler.tick()
    assert queued(redis, "elsewhere") == [run_id]


def test_a_flush_is_noticed_by_the_next_pass(sqlite_system: System, scheduler: Scheduler) -> None:
    scheduler.tick()
    sqlite_system.redis.flushall()
    for _ in range(3):
        scheduler.leadership.lose()
        scheduler.tick()
    assert sqlite_system.redis.zcard(keys.SCHEDULE) == 3
    incarnation: Any = sqlite_system.redis.get(keys.INCARNATION)
    known = rows(sqlite_system, "SELECT incarnation FROM recorder")[0]["incarnation"]
    assert known == incarnation.decode()


def test_garbage_in_redis_ends_no_pass(sqlite_system: System, scheduler: Scheduler) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    redis.sadd(keys.QUEUES, b"rq:queue:\xff", "rq:queue:", "odd")
    redis.zadd(keys.SCHEDULE, {b"\xff": 1, b"nobody": 2, b"never": float("inf")})
    redis.zadd(keys.delayed("default"), {b"\xff": 1, b"ghost": 1})
    redis.zadd(keys.LIVENESS, {b"\xff": 1, b"garbage": 1})
    redis.hset(keys.SCHEDULERS, mapping={"broken": "{"})
    redis.hset("rota:buffered", mapping={b"\xff": b"\xff"})
    for _ in range(3):
        scheduler.tick()
    assert (f"greet--{int(due.timestamp())}", "queued") in statuses(redis)
    assert redis.zcard(keys.LIVENESS) == 0
    assert redis.zrangebyscore(keys.SCHEDULE, 0, 10) == []


def test_a_run_of_a_dead_worker_comes_back_within_a_few_passes(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "waits").run_id
    taken = take(sqlite_system.redis, sqlite_system.catalogue, "w", QUEUES)
    assert taken
    sqlite_system.redis.zadd(keys.LIVENESS, {f"default|{run_id}|{taken.execution_id}": 1})
    scheduler.tick()
    assert run_id in queued(sqlite_system.redis)


def test_a_whole_scheduler_fires_records_and_leaves_no_trace(sqlite_system: System) -> None:
    made = Scheduler(sqlite_system, name="one")
    thread = threading.Thread(target=made.run)
    thread.start()
    wait_until(
        lambda: rows(sqlite_system, "SELECT 1 FROM runs WHERE task_id = 'tick'"), 10, "a record"
    )
    stopped = time.monotonic()
    made.stop()
    thread.join(10)
    assert time.monotonic() - stopped < 5
    assert sqlite_system.redis.get(keys.LOCK) is None
    assert sqlite_system.redis.hlen(keys.SCHEDULERS) == 0


def test_before_the_first_release_it_says_what_to_do(
    redis_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    opened = open_system(redis_url, sqlite_url, tmp_path)
    migrate(opened.database)
    with pytest.raises(SettingsError, match="python -m app release"):
        Scheduler(opened).run()
    opened.close()


def test_a_scheduler_of_older_code_fires_what_the_newest_release_says(
    sqlite_system: System, scheduler: Scheduler
) -> None:
    with writing(sqlite_system.database) as connection:
        connection.exec_driver_sql(
            "INSERT INTO releases (catalogue_hash, at) VALUES ('newer', '2026-01-01 00:00:00')"
        )
        connection.exec_driver_sql(
            "UPDATE schedules SET retired_at = '2026-01-01 00:00:00' WHERE schedule_id = 'greet'"
        )
    scheduler.tick()
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is None
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "morning") is not None


def test_a_pass_by_its_old_name_fires_as_well(sqlite_system: System, scheduler: Scheduler) -> None:
    make_due(sqlite_system, "greet")
    scheduler.enqueue_jobs()
    assert int(held(sqlite_system.redis, "greet")["nominal"]) > datetime.now(UTC).timestamp()
