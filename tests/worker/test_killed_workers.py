"""A worker killed before and after each of its steps: nothing is lost, nothing doubled unseen.

By default a sample; `./dev test --long` kills at every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import actions, chain, keys
from app.settings import current_settings
from app.system import System
from tests.engine.crash_points import killed_at_each_step
from tests.engine.stage import rows
from tests.fixtures import OPERATOR, open_system, release
from tests.worker import crashing
from tests.worker.killing import (
    MODULES,
    SOON,
    assert_nothing_lost,
    clear,
    finish_all,
    killed_at_each_frame,
    work,
)

Given = Callable[[System, str], list[str]]

SAMPLE = 9
LEAST_POINTS = 20


@pytest.fixture
def crashing_system(
    redis_url: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[System]:
    monkeypatch.setenv("REDIS_URL", redis_url)
    current_settings.cache_clear()
    system = open_system(redis_url, sqlite_url, tmp_path, task_modules=MODULES)
    release(system)
    yield system
    system.close()
    current_settings.cache_clear()


def trigger(system: System, task_id: str, ledger: str, times: int = 1) -> list[str]:
    arguments = {"ledger": ledger}
    return [actions.trigger(system, OPERATOR, task_id, arguments).run_id for _ in range(times)]


def two_in_a_row(system: System, ledger: str) -> list[str]:
    return trigger(system, "notes", ledger, 2)


def one_that_is_retried(system: System, ledger: str) -> list[str]:
    return trigger(system, "fails_once", ledger)


def one_redeployed(system: System, ledger: str) -> list[str]:
    return trigger(system, "shuts_its_worker_down", ledger)


def a_chain(_system: System, ledger: str) -> list[str]:
    return chain(crashing.notes.s(ledger), crashing.notes.s(ledger)).enqueue()


def two_that_go_on_alone(system: System, ledger: str) -> list[str]:
    return trigger(system, "alone", ledger, 2)


def one_to_be_stopped(system: System, ledger: str) -> list[str]:
    runs = trigger(system, "lasts", ledger)
    system.redis.hset(keys.job(runs[0]), "rota_stop", "stopped by olga")
    return runs


SCENES: list[tuple[Given, str]] = [
    (two_in_a_row, "succeeded"),
    (one_that_is_retried, "succeeded"),
    (one_redeployed, "succeeded"),
    (a_chain, "succeeded"),
    (two_that_go_on_alone, "succeeded"),
    (one_to_be_stopped, "stopped"),
]


def killed_everywhere(
    system: System, ledger: Path, given: Given, status: str, every: int
) -> tuple[int, int]:
    """Kill at each step; return at how many points, and at how many of them a run doubled."""
    runs: list[str] = []
    points = doubled = 0

    def prepare() -> None:
        clear(system, ledger)
        runs[:] = given(system, str(ledger))

    def operation(own: System) -> None:
        work(own, SOON)

    for point in killed_at_each_step(system, prepare, operation, every):
        points += 1
        finish_all(system)
        doubled += assert_nothing_lost(system, runs, ledger, point, status) > 0
    return points, doubled


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("given", "status"), SCENES[:1])
def test_a_worker_killed_at_some_steps_loses_nothing(
    crashing_system: System, tmp_path: Path, given: Given, status: str
) -> None:
    points, _ = killed_everywhere(crashing_system, tmp_path / "ledger", given, status, SAMPLE)
    assert points >= 4


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("given", "status"), SCENES)
def test_a_worker_killed_at_any_step_loses_nothing(
    crashing_system: System, tmp_path: Path, given: Given, status: str
) -> None:
    points, doubled = killed_everywhere(crashing_system, tmp_path / "ledger", given, status, 1)
    print(f"{given.__name__}: {points} points, {doubled} doubled and told so")
    assert points >= LEAST_POINTS


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "every", [pytest.param(3, id="some"), pytest.param(1, id="all", marks=pytest.mark.long)]
)
def test_a_child_killed_at_a_message_loses_nothing(
    crashing_system: System, tmp_path: Path, every: int
) -> None:
    system, ledger = crashing_system, tmp_path / "ledger"
    runs: list[str] = []
    points = 0

    def prepare() -> None:
        clear(system, ledger)
        runs[:] = trigger(system, "fails_once", str(ledger)) + trigger(system, "notes", str(ledger))

    for point in killed_at_each_frame(prepare, lambda: work(system), every):
        points += 1
        finish_all(system)
        for run_id in runs:
            (run,) = rows(system, "SELECT status, error FROM runs WHERE run_id = :id", id=run_id)
            assert run["status"] in ("succeeded", "failed"), point
            if run["status"] == "failed":
                # A crash is the task's own: without retries left it ends so, and says so.
                assert "SIGKILL" in str(run["error"]) or "first time" in str(run["error"]), point
    assert points >= 2


def test_the_enumeration_notices_a_run_taken_in_two_steps(
    crashing_system: System, tmp_path: Path
) -> None:
    """Taken as RQ takes it, out of the queue first and started later, a run is lost."""
    system, ledger = crashing_system, tmp_path / "ledger"
    runs: list[str] = []

    def prepare() -> None:
        clear(system, ledger)
        runs[:] = two_in_a_row(system, str(ledger))

    def two_steps(own: System) -> None:
        own.redis.lpop(keys.queue("default"))
        own.redis.hset(keys.job(runs[0]), "status", "started")

    caught = 0
    for point in killed_at_each_step(system, prepare, two_steps):
        try:
            finish_all(system)
            assert_nothing_lost(system, runs, ledger, point)
        except AssertionError:
            caught += 1
    assert caught
