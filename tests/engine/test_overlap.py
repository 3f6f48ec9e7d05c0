"""A fire time that comes while a run of the task is live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import actions, keys, reads, scripts
from app.definitions import canonical
from app.due import look
from app.firing import fire
from app.incarnation import recognise
from app.leader import Leadership
from app.recorder import Recorder
from app.recovery import release
from app.run_jobs import template_pairs
from app.system import System
from app.taking import take
from tests.fixtures import OPERATOR

Fire = Callable[[str, str], dict[str, int]]


@pytest.fixture
def fire_with(sqlite_system: System) -> Fire:
    """Put a schedule of `greet` that is due now, with an overlap policy, and fire it."""
    system = sqlite_system
    recognise(system.redis, system.database, datetime.now(UTC))
    leadership = Leadership(system.redis, "test")
    leadership.keep()
    task = system.catalogue.task("greet")

    def fire_one(name: str, overlap: str) -> dict[str, int]:
        definition = {
            **system.catalogue.policies(task),
            "schedule": task.schedules[0].schedule.in_zone("UTC").to_json(),
            "arguments": {},
            "overlap": overlap,
        }
        due = int((datetime.now(UTC) - timedelta(seconds=1)).timestamp())
        args: list[Any] = [
            name,
            canonical(definition),
            1,
            "",
            "",
            "active",
            due,
            due,
            0,
            1,
            0,
            0,
            "[]",
        ]
        where = [keys.schedule(name), keys.job(name)]
        pairs = template_pairs(name, definition, system.redis)
        scripts.run("define", system.redis, where, [*args, *pairs])
        return fire(system.redis, leadership.lock, look(system.redis, leadership.lock, ["default"]))

    return fire_one


def _status(system: System, prefix: str) -> tuple[str, str | None]:
    Recorder(system.redis, system.database).step()
    found = [run for run in reads.runs(system).items if run.run_id.startswith(f"{prefix}--")]
    assert len(found) == 1
    return found[0].status, found[0].reason


def test_one_is_kept_back_and_queued_when_the_live_run_ends(
    sqlite_system: System, fire_with: Fire
) -> None:
    system = sqlite_system
    live = actions.trigger(system, OPERATOR, "greet").run_id
    assert fire_with("first", "buffer_one") == {"BUFFERED": 1}
    status, reason = _status(system, "first")
    assert (status, live in (reason or "")) == ("scheduled", True)
    assert system.redis.llen(keys.queue("default")) == 1
    actions.cancel(system, OPERATOR, live)
    assert _status(system, "first")[0] == "queued"
    assert system.redis.llen(keys.queue("default")) == 1


def test_the_newest_takes_the_place_of_the_one_kept_back(
    sqlite_system: System, fire_with: Fire
) -> None:
    actions.trigger(sqlite_system, OPERATOR, "greet")
    fire_with("first", "buffer_one")
    fire_with("second", "buffer_one")
    assert _status(sqlite_system, "first")[0] == "skipped"
    assert _status(sqlite_system, "second")[0] == "scheduled"


def test_one_kept_back_goes_on_though_the_live_run_vanished(
    sqlite_system: System, fire_with: Fire
) -> None:
    live = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    fire_with("first", "buffer_one")
    assert release(sqlite_system.redis) == 0
    sqlite_system.redis.delete(keys.job(live))
    assert release(sqlite_system.redis) == 1
    assert _status(sqlite_system, "first")[0] == "queued"


def test_a_waiting_run_is_cancelled_for_the_new_one(sqlite_system: System, fire_with: Fire) -> None:
    live = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    assert fire_with("first", "cancel_other") == {"FIRED": 1}
    assert _status(sqlite_system, "first")[0] == "queued"
    assert reads.run(sqlite_system, live).status == "cancelled"


def test_a_running_run_is_asked_to_stop_and_the_new_one_waits_for_its_end(
    sqlite_system: System, fire_with: Fire
) -> None:
    system = sqlite_system
    live = actions.trigger(system, OPERATOR, "greet").run_id
    assert take(system.redis, system.catalogue, "worker", ["default"]) is not None
    assert fire_with("first", "cancel_other") == {"BUFFERED": 1}
    assert b"takes its place" in (system.redis.hget(keys.job(live), "rota_stop") or b"")
    assert _status(system, "first")[0] == "scheduled"
