"""Random acts, workers, crashes, flushes and clocks against the real scripts and records."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app import actions, keys
from app.outcomes import Outcome
from app.system import System
from tests.engine.model.clock import Bomb, armed, scripts_by_clock, set_clock
from tests.engine.model.invariants import (
    Watch,
    each_fire_time_has_one_event,
    every_schedule_stands,
    everything_accepted_ended,
)
from tests.engine.model.world import World
from tests.fixtures import OPERATOR, open_system

MODULES = ("tests.engine.model.tasks",)
TASKS = ("allowing", "skipping", "buffering", "replacing")
OUTCOMES = ("succeeded", "failed", "skipped", "interrupted")
SETTLING_ROUNDS = 60

some = st.integers(0, 7)
few_steps = st.integers(1, 24)
tasks = st.sampled_from(TASKS)
Chosen = TypeVar("Chosen")


def choose(among: list[Chosen], number: int) -> Chosen | None:
    return among[number % len(among)] if among else None


class Engine(RuleBasedStateMachine):
    """The rules. `system` and `bomb` are given by the test, which runs them."""

    system: System
    bomb: Bomb

    @initialize()
    def begin(self) -> None:
        self.world = World(self.system, self.bomb)
        self.watch = Watch(self.world)

    # --- acts ------------------------------------------------------------------------------------

    def act(self, verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
        world = self.world
        return world.survives(lambda: verb(self.system, OPERATOR, *args, **more, now=world.now))

    @rule(task=tasks, later=st.sampled_from((None, 20, 90)), key=st.sampled_from((None, "a", "b")))
    def enqueue(self, task: str, later: int | None, key: str | None) -> None:
        at = self.world.now + timedelta(seconds=later) if later else None
        self.world.trigger(task, at, key)

    @rule(task=tasks, name=st.sampled_from(("x", "y")), most=st.sampled_from((None, 1, 2)))
    def schedule(self, task: str, name: str, most: int | None) -> None:
        self.act(actions.create_schedule, task, name, every="30s", max_runs=most)

    @rule(number=some, every=st.sampled_from(("20s", "1m")), most=st.sampled_from((None, 1, 3)))
    def edit(self, number: int, every: str, most: int | None) -> None:
        chosen = choose(self.world.schedule_ids(), number)
        self.act(actions.reschedule, chosen, every=every, max_runs=most)

    @rule(number=some)
    def remove(self, number: int) -> None:
        self.act(actions.delete_schedule, choose(self.world.schedule_ids(), number))

    @rule(task=tasks, until=st.sampled_from((None, 40)))
    def pause(self, task: str, until: int | None) -> None:
        end = self.world.now + timedelta(seconds=until) if until else None
        self.act(actions.pause, task, "why not", end)

    @rule(task=tasks)
    def resume(self, task: str) -> None:
        self.act(actions.resume, task)

    @rule(task=tasks)
    def skip(self, task: str) -> None:
        self.act(actions.skip, task)

    @rule(number=some)
    def cancel(self, number: int) -> None:
        if run_id := choose(self.world.run_ids(), number):
            self.act(actions.cancel, run_id)

    @rule(number=some)
    def retry(self, number: int) -> None:
        if run_id := choose(self.world.run_ids(), number):
            self.world.retried.add(run_id)
            self.act(actions.retry, run_id)

    @rule(number=some, seconds=st.sampled_from((15, 60)))
    def postpone(self, number: int, seconds: int) -> None:
        if run_id := choose(self.world.run_ids(), number):
            self.act(actions.move, run_id, self.world.now + timedelta(seconds=seconds))

    # --- processes -------------------------------------------------------------------------------

    @rule(name=st.sampled_from(("one", "two")))
    def tick(self, name: str) -> None:
        self.let_pass(30, name)

    @rule(seconds=st.integers(1, 29), name=st.sampled_from(("one", "two")))
    def tick_early(self, seconds: int, name: str) -> None:
        self.let_pass(seconds, name)

    @rule(seconds=st.sampled_from((45, 60, 100, 400)), name=st.sampled_from(("one", "two")))
    def tick_late(self, seconds: int, name: str) -> None:
        self.let_pass(seconds, name)

    def let_pass(self, seconds: int, name: str) -> None:
        """Let time pass, and a scheduler look."""
        self.world.pass_time(seconds)
        before = self.world.nominals()
        paused: Any = self.world.redis.hkeys(keys.PAUSES)
        self.world.survives(lambda: self.world.schedule_pass(name))
        self.watch.look()
        if not paused:
            each_fire_time_has_one_event(self.watch, before)

    @rule()
    def late(self) -> None:
        """A scheduler that was frozen between looking and firing goes on, or one repeats itself."""
        self.world.survives(self.world.late_pass)

    @rule()
    def work(self) -> None:
        self.world.survives(lambda: self.world.take("worker"))

    @rule(kind=st.sampled_from(OUTCOMES))
    def work_through(self, kind: str) -> None:
        if execution := self.world.survives(lambda: self.world.take("worker")):
            self.world.survives(lambda: self.world.finish(execution, Outcome(kind)))

    @rule(number=some, kind=st.sampled_from(OUTCOMES))
    def finish(self, number: int, kind: str) -> None:
        if execution := choose(self.world.running, number):
            self.world.survives(lambda: self.world.finish(execution, Outcome(kind)))

    @rule()
    def beat(self) -> None:
        self.world.survives(self.world.beat)

    @rule()
    def record(self) -> None:
        self.world.survives(self.world.record)

    @rule()
    def keep(self) -> None:
        self.world.survives(self.world.keep)

    @rule()
    def recover(self) -> None:
        self.world.survives(self.world.recover)

    # --- what goes wrong -------------------------------------------------------------------------

    @rule(steps=few_steps)
    def crash(self, steps: int) -> None:
        """Whatever is done next dies after so many steps."""
        self.world.crash_after = steps

    @rule(number=some)
    def lose_worker(self, number: int) -> None:
        if execution := choose(self.world.running, number):
            self.world.running.remove(execution)

    @precondition(lambda self: self.world.crashes or len(self.world.accepted) > 1)
    @rule()
    def flush(self) -> None:
        self.world.redis.flushall()
        self.world.flushes += 1
        set_clock(self.world.redis, self.world.now)

    @rule(seconds=st.sampled_from((-120, -5, 700)))
    def jump(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    # --- what must hold --------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        self.watch.look()

    def teardown(self) -> None:
        """Let everything come to its end: nothing is lost, no schedule is gone."""
        self.world.crash_after = None
        self.world.pass_time(1)
        self.act(actions.pause_everything, "the end")
        for _ in range(SETTLING_ROUNDS):
            if not self._settle():
                break
        everything_accepted_ended(self.world)
        self.act(actions.resume_everything)
        self.world.keep()
        every_schedule_stands(self.world)

    def _settle(self) -> bool:
        """Let time pass and everybody work; return whether something is left to do."""
        world = self.world
        world.pass_time(40)
        world.schedule_pass("last")
        world.recover()
        world.record()
        world.keep()
        while execution := world.take("worker"):
            world.finish(execution, Outcome("succeeded"))
        for execution in list(world.running):
            world.finish(execution, Outcome("succeeded"))
        world.record()
        self.watch.look()
        return bool(world.live_ids())


@contextmanager
def engine(
    redis_url: str, folder: Path, changes: dict[str, str] | None = None
) -> Iterator[type[Engine]]:
    """Give the rules a system, the test's clock and a bomb."""
    system = open_system(
        redis_url, f"sqlite:///{folder / 'rota.sqlite3'}", folder, task_modules=MODULES
    )
    bomb = Bomb()
    logging.disable(logging.WARNING)
    try:
        with scripts_by_clock(changes), armed(bomb, system.database):
            yield type("Engine", (Engine,), {"system": system, "bomb": bomb})
    finally:
        logging.disable(logging.NOTSET)
        system.close()


def model(examples: int, steps: int, *, random: bool = False, shrink: bool = True) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not random,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
    )


def test_what_must_hold_does_after_random_steps(redis_url: str, tmp_path: Path) -> None:
    with engine(redis_url, tmp_path) as machine:
        run_state_machine_as_test(machine, settings=model(20, 30))


def test_a_fire_that_does_not_compare_before_it_writes_is_noticed(
    redis_url: str, tmp_path: Path
) -> None:
    planted = {
        "if held[2] ~= nominal or held[3] ~= revision then": "if false then",
        "at ~= '' and tonumber(at) > dealt_with": "at ~= ''",
    }
    with (
        engine(redis_url, tmp_path, planted) as machine,
        pytest.raises((AssertionError, BaseExceptionGroup)),
    ):
        run_state_machine_as_test(machine, settings=model(100, 50, shrink=False))


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_what_must_hold_does_after_a_hundred_thousand_steps(redis_url: str, tmp_path: Path) -> None:
    with engine(redis_url, tmp_path) as machine:
        run_state_machine_as_test(machine, settings=model(2_000, 50, random=True))
