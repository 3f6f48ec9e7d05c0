"""Runs queued from code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import keys
from app.context import CurrentRun, enter, leave
from app.errors import Invalid
from app.settings import current_settings
from app.system import System
from tests.samples.basic import greet


@pytest.fixture(autouse=True)
def environment(sqlite_system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDIS_URL", sqlite_system.settings.redis_url)
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def _queue(system: System) -> list[str]:
    found: Any = system.redis.lrange(keys.queue("default"), 0, -1)
    return [run.decode() for run in found]


def test_a_run_is_queued_with_checked_arguments(sqlite_system: System) -> None:
    run_id = greet.enqueue(name="Ada")
    assert _queue(sqlite_system) == [run_id]
    with pytest.raises(Invalid):
        greet.enqueue(name=5)
    assert _queue(sqlite_system) == [run_id]


def test_the_same_key_gives_the_same_run(sqlite_system: System) -> None:
    assert greet.enqueue(key="a") == greet.enqueue(key="a")
    assert greet.enqueue(key="b") != greet.enqueue(key="a")
    assert len(_queue(sqlite_system)) == 2


def test_many_are_queued_in_order(sqlite_system: System) -> None:
    ids = greet.enqueue_many([{"times": number} for number in range(2_500)])
    assert _queue(sqlite_system) == ids


def test_later_ones_wait_among_the_delayed(sqlite_system: System) -> None:
    run_id = greet.enqueue(after=timedelta(hours=1), name="Ada")
    assert _queue(sqlite_system) == []
    assert sqlite_system.redis.zscore(keys.delayed("default"), run_id) is not None
    with pytest.raises(Invalid, match="once"):
        greet.enqueue(at=datetime.now(UTC), after=timedelta(seconds=1))


def test_a_run_started_in_a_run_names_it_as_its_parent(sqlite_system: System) -> None:
    enter(CurrentRun("morning--1", "morning"))
    try:
        run_id = greet.enqueue()
    finally:
        leave()
    static = sqlite_system.redis.hget(keys.job(run_id), "rota_static") or b""
    assert b'"parent_run_id": "morning--1"' in static
