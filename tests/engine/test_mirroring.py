"""A slow reader of SQL never takes back in Redis what somebody decided meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from app import actions, keys, reconcile
from app.errors import Conflict
from app.mirroring import Decided, mirror_pauses, read_decided
from app.records.database import writing
from app.records.schema import counters
from app.system import System
from tests.engine.stage import held
from tests.fixtures import OPERATOR


def now() -> datetime:
    return datetime.now(UTC)


def test_an_older_state_of_the_pauses_is_refused(sqlite_system: System) -> None:
    stale = read_decided(sqlite_system.database, now())
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    assert mirror_pauses(sqlite_system.redis, stale, force=False)
    assert sqlite_system.redis.hexists(keys.PAUSES, "greet")


def test_an_older_state_of_the_schedules_is_refused(sqlite_system: System) -> None:
    reconcile.reconcile(sqlite_system, now())
    stale = read_decided(sqlite_system.database, now())
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    changed, older = reconcile._mirror(sqlite_system.redis, stale, now(), force=False)
    assert (changed, older) == (0, True)
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is None


def late(system: System, stale: Decided, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a reconcile write that read SQL before."""
    waiting = [stale]
    monkeypatch.setattr(
        reconcile,
        "read_decided",
        lambda *args: waiting.pop() if waiting else read_decided(*args),
    )
    reconcile.reconcile(system, now())


def test_a_late_mirror_undoes_no_pause(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile.reconcile(sqlite_system, now())
    stale = read_decided(sqlite_system.database, now())
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    late(sqlite_system, stale, monkeypatch)
    assert sqlite_system.redis.hexists(keys.PAUSES, "greet")
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is None


def test_a_late_mirror_keeps_no_resumed_task_from_firing(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    stale = read_decided(sqlite_system.database, now())
    actions.resume(sqlite_system, OPERATOR, "greet")
    late(sqlite_system, stale, monkeypatch)
    assert not sqlite_system.redis.hexists(keys.PAUSES, "greet")
    assert sqlite_system.redis.zscore(keys.SCHEDULE, "greet") is not None


def test_a_late_mirror_undoes_no_change_of_a_schedule(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile.reconcile(sqlite_system, now())
    stale = read_decided(sqlite_system.database, now())
    actions.reschedule(sqlite_system, OPERATOR, "greet", every="2h")
    late(sqlite_system, stale, monkeypatch)
    assert "7200" in held(sqlite_system.redis, "greet")["definition"]


def test_a_database_that_went_back_is_mirrored_all_the_same(sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    stale = read_decided(sqlite_system.database, now())
    sqlite_system.redis.hset(keys.PAUSES, ":revision", str(stale.revision + 1000))
    sqlite_system.redis.hdel(keys.PAUSES, "greet")
    sqlite_system.redis.hset(keys.schedule("morning"), "decided", str(stale.revision + 1000))
    reconcile.reconcile(sqlite_system, now())
    assert sqlite_system.redis.hexists(keys.PAUSES, "greet")
    assert held(sqlite_system.redis, "morning")["decided"] == str(stale.revision)


def test_sixty_pauses_and_resumes_at_once_leave_redis_as_sql_decided(
    system: System,
) -> None:
    def one(number: int) -> None:
        try:
            if number % 2:
                actions.pause(system, OPERATOR, "greet", f"reason {number}")
            else:
                actions.resume(system, OPERATOR, "greet")
        except Conflict:
            pass  # it was not paused just then

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(60)))
    paused = "greet" in read_decided(system.database, now()).paused
    assert bool(system.redis.hexists(keys.PAUSES, "greet")) == paused
    assert (system.redis.zscore(keys.SCHEDULE, "greet") is None) == paused


def test_the_revision_counts_every_decision(sqlite_system: System) -> None:
    before = read_decided(sqlite_system.database, now()).revision
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    assert read_decided(sqlite_system.database, now()).revision > before
    with writing(sqlite_system.database) as connection:
        connection.execute(update(counters).values(value=0))
    assert read_decided(sqlite_system.database, now()).revision == 0
