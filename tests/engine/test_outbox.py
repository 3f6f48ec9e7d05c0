"""Acts reach Redis: at once, or as soon as it is back; each may be applied twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import actions, keys, reads
from app.outbox import apply_act, sweep
from app.records.acts import Act, commit_act, pending_acts
from app.records.database import writing
from app.system import System
from tests.engine.stage import events, queued, record_all, rows
from tests.fixtures import OPERATOR, open_system, release
from tests.servers import RedisServer


@pytest.fixture
def own_system(own_redis: RedisServer, sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A system over a Redis that the test may kill."""
    opened = open_system(own_redis.url, sqlite_url, tmp_path)
    release(opened)
    yield opened
    opened.close()


def pending(system: System) -> list[str]:
    with writing(system.database) as connection:
        return [row.verb for row in pending_acts(connection)]


def test_an_act_while_redis_is_away_is_pending_and_found(
    own_system: System, own_redis: RedisServer
) -> None:
    own_redis.kill()
    accepted = actions.trigger(own_system, OPERATOR, "greet", {"name": "Ada"})
    assert accepted.status == "pending"
    run = reads.run(own_system, accepted.run_id)
    assert (run.status, run.arguments) == ("queued", {"name": "Ada"})
    assert len(rows(own_system, "SELECT * FROM audit")) == 1


def test_it_is_applied_under_the_same_id_when_redis_is_back(
    own_system: System, own_redis: RedisServer
) -> None:
    own_redis.kill()
    run_id = actions.trigger(own_system, OPERATOR, "greet").run_id
    assert sweep(own_system, datetime.now(UTC)) == 0
    own_redis.start()
    assert sweep(own_system, datetime.now(UTC)) == 1
    assert queued(own_system.redis) == [run_id]
    record_all(own_system)
    assert reads.run(own_system, run_id).status == "queued"
    assert sweep(own_system, datetime.now(UTC)) == 0


def test_a_pause_while_redis_is_away_holds_when_it_is_back(
    own_system: System, own_redis: RedisServer
) -> None:
    own_redis.kill()
    assert not actions.pause(own_system, OPERATOR, "greet", "holiday")
    own_redis.start()
    sweep(own_system, datetime.now(UTC))
    assert own_system.redis.hexists(keys.PAUSES, "greet")
    assert own_system.redis.zscore(keys.SCHEDULE, "greet") is None


def test_what_was_taken_back_meanwhile_is_not_applied_late(
    own_system: System, own_redis: RedisServer
) -> None:
    own_redis.kill()
    actions.pause(own_system, OPERATOR, "greet", "holiday")
    actions.resume(own_system, OPERATOR, "greet")
    own_redis.start()
    assert sweep(own_system, datetime.now(UTC)) == 2
    assert not own_system.redis.hexists(keys.PAUSES, "greet")
    assert own_system.redis.zscore(keys.SCHEDULE, "greet") is not None


def test_applying_a_trigger_twice_gives_one_run(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    (act,) = rows(sqlite_system, "SELECT act_id FROM acts")
    with writing(sqlite_system.database) as connection:
        connection.exec_driver_sql("UPDATE acts SET applied_at = NULL")
        (row,) = pending_acts(connection)
    now = datetime.now(UTC)
    assert apply_act(sqlite_system, act["act_id"], row.verb, row.payload, now)
    assert queued(sqlite_system.redis) == [run_id]
    assert len(events(sqlite_system.redis)) == 1


def test_a_crash_between_commit_and_redis_loses_no_run(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    sqlite_system.redis.flushall()
    with writing(sqlite_system.database) as connection:
        connection.exec_driver_sql("UPDATE acts SET applied_at = NULL")
    assert sweep(sqlite_system, datetime.now(UTC)) == 1
    assert queued(sqlite_system.redis) == [run_id]


def test_an_act_that_nobody_understands_holds_up_no_other(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    act = Act("a1", "conjure", "greet", {}, "olga", "operator", "api", None)
    broken = Act("a2", "trigger", "greet", {"run": {"at": 5}}, "olga", "operator", "api", None)
    with writing(sqlite_system.database) as connection:
        commit_act(connection, act, now)
        commit_act(connection, broken, now)
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    sweep(sqlite_system, now)
    assert pending(sqlite_system) == []
    errors = rows(sqlite_system, "SELECT error FROM acts WHERE act_id IN ('a1', 'a2')")
    assert all(row["error"] for row in errors)


def test_acts_are_applied_in_the_order_they_were_decided(sqlite_system: System) -> None:
    runs = [actions.trigger(sqlite_system, OPERATOR, "greet").run_id for _ in range(3)]
    sqlite_system.redis.flushall()
    with writing(sqlite_system.database) as connection:
        connection.exec_driver_sql("UPDATE acts SET applied_at = NULL")
    assert sweep(sqlite_system, datetime.now(UTC)) == 3
    assert queued(sqlite_system.redis) == runs
