"""An answer of Redis is lost on its way: nothing happens twice, and nobody is told of an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import pytest

from app import actions, keys
from app.connection import connect
from app.execution import RunExecution
from app.outcomes import Outcome
from app.recovery import move, recover
from app.script_line import ScriptLine
from app.system import System
from app.taking import Taken, advance, take
from tests.cutting import Cutting
from tests.engine.stage import QUEUES, fire_due, lead, make_due, queued, server_now, statuses
from tests.fixtures import OPERATOR
from tests.servers import RedisServer

# Prepares, and returns what to do behind the proxy and what to check afterwards.
Story = Callable[[System, System], tuple[Callable[[], object], Callable[[], None]]]


@pytest.fixture
def cutting(redis_server: RedisServer, tmp_path_factory: Any) -> Iterator[Cutting]:
    made = Cutting(redis_server.folder / "redis.sock", redis_server.folder / "cut.sock")
    yield made
    made.close()
    (redis_server.folder / "cut.sock").unlink()


def fires(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    lock = lead(plain)
    due = make_due(plain, "greet")
    run_id = f"greet--{int(due.timestamp())}"

    def check() -> None:
        fire_due(plain, lock)
        assert queued(plain.redis) == [run_id]
        assert statuses(plain.redis) == [(run_id, "queued")]

    return partial(fire_due, behind, lock), check


def triggers(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    accepted: list[str] = []

    def act() -> None:
        answer = actions.trigger(behind, OPERATOR, "greet")
        assert answer.status == "queued"
        accepted.append(answer.run_id)

    def check() -> None:
        assert queued(plain.redis) == accepted
        assert statuses(plain.redis) == [(accepted[0], "queued")]

    return act, check


def pauses(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    def act() -> None:
        assert actions.pause(behind, OPERATOR, "greet", "holiday")

    def check() -> None:
        assert plain.redis.hexists(keys.PAUSES, "greet")
        actions.resume(plain, OPERATOR, "greet")

    return act, check


def _line(system: System) -> Callable[[list[str], list[Any]], Any]:
    return ScriptLine(system.redis, "advance")


def takes(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    runs = [actions.trigger(plain, OPERATOR, "greet").run_id for _ in range(2)]
    taken: list[Taken] = []

    def act() -> None:
        done = advance(behind.redis, behind.catalogue, "w", QUEUES, None, line=_line(behind))
        assert done.taken
        taken.append(done.taken)

    def check() -> None:
        assert [one.run_id for one in taken] == runs[:1]
        assert queued(plain.redis) == runs[1:]
        assert taken[0].attempt == 1
        assert plain.redis.zcard(keys.LIVENESS) == 1

    return act, check


def finishes(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    first, second = (actions.trigger(plain, OPERATOR, "greet").run_id for _ in range(2))
    taken = take(plain.redis, plain.catalogue, "w", QUEUES)
    assert taken
    execution = RunExecution(plain.redis, taken, "w")
    execution.settle(Outcome("succeeded", result=5))
    ended, _ = execution.ended()
    found: list[str] = []

    def act() -> None:
        done = advance(behind.redis, behind.catalogue, "w", QUEUES, ended, line=_line(behind))
        assert done.taken
        found.append(done.taken.run_id)

    def check() -> None:
        assert found == [second]
        assert plain.redis.hget(keys.job(first), "status") == b"finished"
        told = [status for run_id, status in statuses(plain.redis) if run_id == first]
        assert told == ["queued", "running", "succeeded"]
        assert plain.redis.xlen(keys.results(first)) == 1

    return act, check


def moves(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    run_id = actions.trigger(
        plain,
        OPERATOR,
        "greet",
        at=datetime.fromtimestamp(server_now(plain.redis).timestamp() + 60, UTC),
    ).run_id
    plain.redis.zadd(keys.delayed("default"), {run_id: 1})

    def check() -> None:
        assert queued(plain.redis) == [run_id]
        assert statuses(plain.redis) == [(run_id, "scheduled"), (run_id, "queued")]

    return partial(move, behind.redis, [("default", run_id)]), check


def recovers(plain: System, behind: System) -> tuple[Callable[[], object], Callable[[], None]]:
    run_id = actions.trigger(plain, OPERATOR, "greet").run_id
    taken = take(plain.redis, plain.catalogue, "w", QUEUES)
    assert taken
    plain.redis.zadd(keys.LIVENESS, {f"default|{run_id}|{taken.execution_id}": 1})

    def check() -> None:
        assert queued(plain.redis) == [run_id]
        assert [status for _, status in statuses(plain.redis)] == ["queued", "running", "queued"]

    return partial(recover, behind.redis, server_now(plain.redis).timestamp()), check


STORIES: list[Story] = [fires, triggers, pauses, takes, finishes, moves, recovers]


@pytest.mark.parametrize("story", STORIES, ids=lambda one: one.__name__)
def test_an_answer_lost_at_any_command_changes_nothing(
    sqlite_system: System, cutting: Cutting, story: Story
) -> None:
    for number in count(1):
        sqlite_system.redis.flushall()
        behind = replace(sqlite_system, redis=connect(cutting.url, "web"))
        act, check = story(sqlite_system, behind)
        cutting.cut_at(number)
        act()
        cut = cutting.has_cut
        cutting.cut_at(None)
        check()
        behind.redis.close()
        if not cut:
            break
    assert number > 3, "nothing was cut"
