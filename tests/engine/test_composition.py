"""Runs that wait for others follow them exactly once, or end with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rq import Queue
from rq.job import Dependency, Job
from rq.registry import DeferredJobRegistry
from rq.serializers import JSONSerializer

from app import actions, chain, group, keys, reads
from app.context import CurrentRun, enter, leave
from app.dependencies import results_of_dependencies
from app.errors import Invalid, RotaError
from app.incarnation import recognise, restart_lost_runs
from app.recovery import recover, settle
from app.settings import current_settings
from app.system import System
from tests.engine.ending import begin, run_all, run_next
from tests.engine.ends import gathers
from tests.engine.executing import work
from tests.engine.stage import events, fire_due, lead, make_due, queued, record_all, statuses
from tests.fixtures import OPERATOR
from tests.samples.basic import greet, morning


@pytest.fixture(autouse=True)
def environment(sqlite_system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDIS_URL", sqlite_system.settings.redis_url)
    current_settings.cache_clear()
    yield
    current_settings.cache_clear()


def status(system: System, run_id: str) -> str:
    found: Any = system.redis.hget(keys.job(run_id), "status")
    return (found or b"").decode()


def recorded(system: System, run_id: str) -> tuple[str, str | None]:
    record_all(system)
    run = reads.run(system, run_id)
    return run.status, run.reason


# --- following -----------------------------------------------------------------------------------


def test_a_run_waits_until_the_one_before_ended_well(sqlite_system: System) -> None:
    first = greet.enqueue()
    second = greet.enqueue(depends_on=first)
    assert queued(sqlite_system.redis) == [first]
    assert recorded(sqlite_system, second) == ("scheduled", f"waits for run {first}")
    assert run_next(sqlite_system) == first
    assert queued(sqlite_system.redis) == [second]
    assert run_all(sqlite_system) == [second]
    assert recorded(sqlite_system, second) == ("succeeded", None)


def test_a_run_that_ended_before_is_not_waited_for(sqlite_system: System) -> None:
    first = greet.enqueue()
    run_next(sqlite_system)
    second = greet.enqueue(depends_on=[first])
    assert queued(sqlite_system.redis) == [second]


def test_a_skipped_run_counts_as_ended_well(sqlite_system: System) -> None:
    second = greet.enqueue(depends_on=greet.enqueue())
    run_next(sqlite_system, "skipped")
    assert queued(sqlite_system.redis) == [second]


def test_a_chain_goes_step_by_step_and_a_group_side_by_side(sqlite_system: System) -> None:
    ids = chain(greet.s("Ada"), group(greet.s(times=1), greet.s(times=2)), morning.s()).enqueue()
    assert queued(sqlite_system.redis) == ids[:1]
    run_next(sqlite_system)
    assert sorted(queued(sqlite_system.redis)) == sorted(ids[1:3])
    run_next(sqlite_system)
    assert queued(sqlite_system.redis, "low") == []
    run_next(sqlite_system)
    assert queued(sqlite_system.redis, "low") == ids[3:]
    assert run_all(sqlite_system) == ids[3:]
    released = [run for run, what in statuses(sqlite_system.redis) if what == "queued"]
    assert sorted(released) == sorted(ids)


def test_the_same_key_gives_the_same_chain(sqlite_system: System) -> None:
    made = chain(greet.s(), greet.s())
    assert made.enqueue(key="a") == made.enqueue(key="a") != made.enqueue(key="b")
    assert len(events(sqlite_system.redis)) == 4


def test_nothing_of_a_chain_is_queued_where_one_step_cannot_be(sqlite_system: System) -> None:
    with pytest.raises(TypeError):
        greet.s(nome="Ada")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(Invalid):
        chain(greet.s(), greet.s(times="many")).enqueue()  # type: ignore[arg-type]  # the point
    with pytest.raises(Invalid, match="Redis does not know"):
        greet.enqueue(depends_on="never-was")
    with pytest.raises(Invalid, match="once"):
        greet.enqueue(depends_on="x", at=datetime.now(UTC))
    with pytest.raises(Invalid, match="Too many"):
        chain(*(greet.s() for _ in range(1_001)))
    with pytest.raises(Invalid, match="Too many wait"):
        chain(group(*[greet.s()] * 200), group(*[greet.s()] * 200))
    assert not sqlite_system.redis.keys("rq:*")


def test_more_dependents_than_one_step_releases_all_follow(sqlite_system: System) -> None:
    first = greet.enqueue()
    ids = [greet.enqueue(depends_on=first, times=n) for n in range(1_200)]
    run_next(sqlite_system)
    assert len(queued(sqlite_system.redis)) == 500
    while settle(sqlite_system.redis):
        pass
    assert sorted(queued(sqlite_system.redis)) == sorted(ids)
    assert not sqlite_system.redis.exists(keys.SETTLING, keys.dependents(first))


def test_a_long_chain_ends_with_its_first_step(sqlite_system: System) -> None:
    ids = chain(*(greet.s(times=n) for n in range(1_000))).enqueue()
    run_next(sqlite_system, "failed")
    while settle(sqlite_system.redis):
        pass
    assert {status(sqlite_system, run_id) for run_id in ids[1:]} == {"canceled"}


def test_a_run_reads_the_results_of_what_it_waited_for(ends_system: System) -> None:
    ids = group(greet.s("Ada"), morning.s()).then(gathers.s()).enqueue()
    work(ends_system)
    found = reads.run(ends_system, ids[-1]).result
    assert found == {ids[0]: {"greeted": 1, "words": ["Ada"]}, ids[1]: "morning"}


def test_results_that_are_too_large_together_are_said_to_be(sqlite_system: System) -> None:
    ids = [greet.enqueue(times=n) for n in range(20)]
    for _ in ids:
        run_next(sqlite_system, result="x" * 200_000)
    found = results_of_dependencies(sqlite_system.redis, {"depends_on": ids})
    assert "bytes together" in found
    run = CurrentRun("a--1", "a", _dependencies=found)
    with pytest.raises(RotaError, match="more than 4,000,000"):
        run.dependency_results()
    assert results_of_dependencies(sqlite_system.redis, {"depends_on": ["gone"]}) == {"gone": None}


# --- dependencies that do not end well -----------------------------------------------------------


@pytest.mark.parametrize("kind", ["failed", "stopped", "expired", "quarantined"])
def test_what_waits_for_a_failed_run_is_cancelled_and_says_why(
    sqlite_system: System, kind: str
) -> None:
    ids = chain(greet.s(), greet.s(), greet.s()).enqueue()
    run_next(sqlite_system, kind)
    assert queued(sqlite_system.redis) == []
    why = "its dependency {} did not end well"
    assert recorded(sqlite_system, ids[1]) == ("cancelled", why.format(ids[0]))
    assert recorded(sqlite_system, ids[2]) == ("cancelled", why.format(ids[1]))
    late = greet.enqueue(depends_on=ids[0])
    assert recorded(sqlite_system, late)[0] == "cancelled"


@pytest.mark.parametrize("kind", ["failed", "stopped", "succeeded"])
def test_with_allow_failure_a_run_follows_however_the_others_end(
    sqlite_system: System, kind: str
) -> None:
    ids = group(greet.s(), greet.s()).then(morning.s(), allow_failure=True).enqueue()
    run_next(sqlite_system, kind)
    assert queued(sqlite_system.redis, "low") == []
    run_next(sqlite_system)
    assert queued(sqlite_system.redis, "low") == ids[2:]


def test_cancelling_a_run_cancels_what_waits_for_it(sqlite_system: System) -> None:
    first, second, third = chain(greet.s(), greet.s(), greet.s()).enqueue()
    record_all(sqlite_system)
    actions.cancel(sqlite_system, OPERATOR, second)
    assert recorded(sqlite_system, second) == ("cancelled", "cancelled by olga")
    assert recorded(sqlite_system, third)[0] == "cancelled"
    run_next(sqlite_system)
    assert queued(sqlite_system.redis) == []
    assert recorded(sqlite_system, first)[0] == "succeeded"


def test_a_retried_failure_takes_up_what_it_ended(sqlite_system: System) -> None:
    ids = chain(greet.s(), greet.s(), greet.s()).enqueue()
    run_next(sqlite_system, "failed")
    record_all(sqlite_system)
    actions.retry(sqlite_system, OPERATOR, ids[0])
    assert recorded(sqlite_system, ids[1]) == ("scheduled", f"waits for run {ids[0]}")
    assert recorded(sqlite_system, ids[2]) == ("scheduled", f"waits for run {ids[1]}")
    assert run_all(sqlite_system) == ids
    assert sqlite_system.redis.zcard(keys.deferred("default")) == 0


def test_of_two_failures_both_have_to_be_mended(sqlite_system: System) -> None:
    *both, last = group(greet.s(), greet.s()).then(morning.s()).enqueue()
    for _ in both:
        run_next(sqlite_system, "failed")
    record_all(sqlite_system)
    for run_id in both:
        assert recorded(sqlite_system, last)[0] == "cancelled"
        actions.retry(sqlite_system, OPERATOR, run_id)
        run_next(sqlite_system)
    assert queued(sqlite_system.redis, "low") == [last]


def test_a_person_can_start_what_waits_in_vain(sqlite_system: System) -> None:
    first, second = chain(greet.s(), greet.s()).enqueue()
    run_next(sqlite_system, "failed")
    record_all(sqlite_system)
    actions.retry(sqlite_system, OPERATOR, second)
    assert run_all(sqlite_system) == [second]
    record_all(sqlite_system)
    actions.retry(sqlite_system, OPERATOR, first)
    assert run_all(sqlite_system) == [first]


def test_a_retry_that_is_still_to_come_ends_nothing(sqlite_system: System) -> None:
    taken_first = sqlite_system.catalogue.task("fails").enqueue()
    second = greet.enqueue(depends_on=taken_first)
    run_next(sqlite_system, "failed")
    assert status(sqlite_system, second) == "deferred"


def test_a_quarantined_run_of_dead_workers_ends_what_waits(sqlite_system: System) -> None:
    first, second = chain(greet.s(), greet.s()).enqueue()
    for _ in range(3):
        taken = begin(sqlite_system)
        assert taken
        assert status(sqlite_system, second) == "deferred"
        member = f"default|{first}|{taken.execution_id}"
        sqlite_system.redis.zadd(keys.LIVENESS, {member: 1})
        recover(sqlite_system.redis, time.time())
    assert recorded(sqlite_system, first)[0] == "quarantined"
    assert recorded(sqlite_system, second)[0] == "cancelled"


def test_emptying_a_queue_cancels_what_waits_for_its_runs(sqlite_system: System) -> None:
    _, second = chain(greet.s(), morning.s()).enqueue()
    actions.empty_queue(sqlite_system, OPERATOR, "default")
    assert recorded(sqlite_system, second)[0] == "cancelled"


def test_a_run_that_waits_counts_as_live(sqlite_system: System) -> None:
    make_due(sqlite_system, "greet")
    blocker = morning.enqueue()
    waiting = greet.enqueue(depends_on=blocker)
    assert fire_due(sqlite_system, lead(sqlite_system)) == {"SKIPPED": 1}
    assert status(sqlite_system, waiting) == "deferred"


# --- what Redis loses ----------------------------------------------------------------------------


def test_after_a_flush_each_waits_for_what_has_not_ended(sqlite_system: System) -> None:
    ids = chain(greet.s(), group(greet.s(), greet.s()), morning.s()).enqueue()
    run_next(sqlite_system)
    done = run_next(sqlite_system)
    record_all(sqlite_system)
    sqlite_system.redis.flushall()
    now = datetime.now(UTC)
    recognise(sqlite_system.redis, sqlite_system.database, now)
    restart_lost_runs(sqlite_system, now + timedelta(minutes=1))
    assert recorded(sqlite_system, ids[3])[0] == "scheduled"
    (left,) = set(ids[1:3]) - {done}
    assert run_all(sqlite_system) == [left, ids[3]]
    assert recorded(sqlite_system, ids[3])[0] == "succeeded"


def test_after_a_flush_what_waited_for_an_unknown_run_ends(sqlite_system: System) -> None:
    foreign = Queue("default", connection=sqlite_system.redis, serializer=JSONSerializer)
    job = foreign.enqueue("tests.samples.basic.greet")
    second = greet.enqueue(depends_on=job.id)
    record_all(sqlite_system)
    sqlite_system.redis.flushall()
    now = datetime.now(UTC)
    recognise(sqlite_system.redis, sqlite_system.database, now)
    restart_lost_runs(sqlite_system, now)
    assert recorded(sqlite_system, second)[0] == "cancelled"


# --- RQ ------------------------------------------------------------------------------------------


def test_rqs_readers_see_what_waits(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    first, second = chain(greet.s(), greet.s()).enqueue()
    parent = Job.fetch(first, connection=redis, serializer=JSONSerializer)
    child = Job.fetch(second, connection=redis, serializer=JSONSerializer)
    assert parent.dependent_ids == [second]
    assert child.dependency
    assert child.dependency.id == first
    assert child.get_status() == "deferred"
    registry = DeferredJobRegistry("default", connection=redis, serializer=JSONSerializer)
    assert registry.get_job_ids() == [second]


def test_dependents_made_by_rqs_own_api_follow(sqlite_system: System) -> None:
    queue = Queue("default", connection=sqlite_system.redis, serializer=JSONSerializer)
    call = "tests.samples.basic.greet"
    one, two = queue.enqueue(call, "one"), queue.enqueue(call, "two")
    both = queue.enqueue(call, "both", depends_on=[one, two])
    ours = greet.enqueue(depends_on=both.id)
    run_next(sqlite_system)
    assert queued(sqlite_system.redis) == [two.id]
    run_next(sqlite_system)
    assert run_all(sqlite_system) == [both.id, ours]
    assert recorded(sqlite_system, both.id)[0] == "succeeded"
    kin = reads.run_with_kin(sqlite_system, both.id)
    assert kin.dependencies
    assert [run.run_id for run in kin.dependencies.runs] == [one.id, two.id]


def test_rqs_own_dependents_of_a_failure_wait_for_its_requeue(sqlite_system: System) -> None:
    queue = Queue("default", connection=sqlite_system.redis, serializer=JSONSerializer)
    call = "tests.samples.basic.greet"
    one = queue.enqueue(call)
    strict = queue.enqueue(call, depends_on=one)
    lenient = queue.enqueue(call, depends_on=Dependency(jobs=[one], allow_failure=True))
    run_next(sqlite_system, "failed")
    assert queued(sqlite_system.redis) == [lenient.id]
    Job.fetch(one.id, connection=sqlite_system.redis, serializer=JSONSerializer).requeue()
    assert run_all(sqlite_system) == [lenient.id, one.id, strict.id]


# --- shown ---------------------------------------------------------------------------------------


def test_a_run_shows_its_children_and_dependencies(sqlite_system: System) -> None:
    enter(CurrentRun("morning--1", "morning"))
    try:
        ids = group(*(greet.s(times=n) for n in range(60))).then(morning.s()).enqueue()
    finally:
        leave()
    record_all(sqlite_system)
    last = reads.run_with_kin(sqlite_system, ids[-1])
    assert last.dependencies
    assert last.dependencies.total == 60
    assert [run.run_id for run in last.dependencies.runs] == ids[:50]
    assert (last.trigger, last.parent_run_id) == ("dependency", "morning--1")
    first = reads.run_with_kin(sqlite_system, ids[0])
    assert first.children
    assert [(run.run_id, run.status) for run in first.children.runs] == [(ids[-1], "scheduled")]


def test_nothing_is_left_of_a_chain_that_ended(sqlite_system: System) -> None:
    chain(greet.s(), group(greet.s(), greet.s()), morning.s()).enqueue()
    run_all(sqlite_system)
    redis = sqlite_system.redis
    assert not redis.keys("rq:job:*:depend*")
    assert redis.zcard(keys.deferred("default")) == redis.zcard(keys.deferred("low")) == 0
