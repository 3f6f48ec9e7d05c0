"""A Redis that may lose what waits in it is told of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app import reads
from app.reads.live import Live, ask_redis
from app.reads.problems import process_problems
from app.system import System

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def told(live: Live) -> list[str]:
    return [one.text for one in process_problems(live, NOW) if one.kind == "redis"]


def test_a_redis_that_throws_away_is_told_of(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        problems = reads.overview(sqlite_system, datetime.now(UTC)).problems
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
    assert any("allkeys-lru" in problem.text for problem in problems)
    problems = reads.overview(sqlite_system, datetime.now(UTC)).problems
    assert not any(problem.kind == "redis" for problem in problems)


def test_a_redis_that_saves_nothing_is_told_of_after_two_hours(sqlite_system: System) -> None:
    sqlite_system.redis.set("x", "y")
    live = ask_redis(sqlite_system, datetime.now(UTC))
    assert live.policy == "noeviction"
    assert live.unsaved_since, "this server has neither an append-only file nor snapshots"
    assert told(Live(unsaved_since=NOW - timedelta(hours=2))) == []
    (text,) = told(Live(unsaved_since=NOW - timedelta(hours=2, seconds=1)))
    assert "saved nothing" in text


def test_a_server_that_tells_nothing_is_no_problem() -> None:
    assert told(Live()) == []
