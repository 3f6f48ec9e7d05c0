"""Every kind of garbage that ends or stalls RQ or rq-scheduler: here it is out of the way, whole
and told, within one pass, while its neighbours fire and run.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from app import actions, keys, reads
from app.quarantine import entries
from app.recovery import recover
from app.scheduler import Scheduler
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, queued, server_now, stand_at
from tests.fixtures import OPERATOR

Poison = Callable[[Redis], None]


@pytest.fixture
def scheduler(sqlite_system: System) -> Iterator[Scheduler]:
    made = Scheduler(sqlite_system, name="one")
    made.tick()
    yield made
    made.stop()
    made.wake.close()


# --- in the schedule, as rq-scheduler keeps it ---------------------------------------------------

CALL = json.dumps(["tests.samples.basic.greet", None, [], {}]).encode()


def entry(**changes: Any) -> Poison:
    """An entry of rq-scheduler's own, due now, with one thing wrong."""

    def plant(redis: Redis) -> None:
        fields: dict[str, Any] = {
            "created_at": "2026-01-01T00:00:00.000000Z",
            "data": CALL,
            "status": "scheduled",
            "origin": "default",
            "timeout": "60",
            "meta": "{}",
        }
        mapping: dict[Any, Any] = {**fields, **changes}
        redis.hset(keys.job("poison"), mapping=mapping)
        redis.zadd(keys.SCHEDULE, {"poison": 1})

    return plant


def no_text(redis: Redis) -> None:
    redis.zadd(keys.SCHEDULE, {b"poison\xff": 1})


def wrong_type(redis: Redis) -> None:
    redis.set(keys.job("poison"), "text")
    redis.zadd(keys.SCHEDULE, {"poison": 1})


def no_hash(redis: Redis) -> None:
    redis.zadd(keys.SCHEDULE, {"poison": 1})


SCHEDULE: dict[str, Poison] = {
    "a member that is no text": no_text,
    "a bad status": entry(status="\x00bad"),
    "a bad created_at": entry(created_at="yesterday"),
    "a bad timeout": entry(timeout="soon"),
    "a corrupt call": entry(data=b"x\x9cgarbage"),
    "a pickled call": entry(data=zlib.compress(b"\x80\x04\x95garbage")),
    "a key of another type": wrong_type,
    "an unknown queue class": entry(queue_class_name="os.system"),
    "a corrupt meta": entry(meta=b"\x80\x04garbage"),
    "an invalid cron in meta": entry(meta='{"cron_string": "99 99 * * *"}'),
    "a cron that never comes in meta": entry(meta='{"cron_string": "0 0 31 2 *"}'),
    "an interval that is no number in meta": entry(meta='{"interval": "soon"}'),
    "no hash at all": no_hash,
}


@pytest.mark.parametrize("kind", SCHEDULE)
def test_garbage_in_the_schedule(sqlite_system: System, scheduler: Scheduler, kind: str) -> None:
    redis = sqlite_system.redis
    nominal = server_now(redis).replace(second=0, microsecond=0)
    stand_at(redis, "greet", nominal)
    SCHEDULE[kind](redis)
    kept: Any = redis.dump(keys.job("poison"))
    scheduler.tick()
    assert f"greet--{int(nominal.timestamp())}" in queued(redis)
    assert redis.zscore(keys.SCHEDULE, "poison") is None
    assert redis.dump(keys.job("poison")) == kept
    told(sqlite_system, keys.SCHEDULE)


# --- in the hash of a run of ours ----------------------------------------------------------------

RUN: dict[str, tuple[str, Any]] = {
    "a bad status": ("status", "\x00bad"),
    "a status of another case": ("status", "Queued"),
    "a bad created_at": ("created_at", "yesterday"),
    "a bad enqueued_at": ("enqueued_at", b"\xff"),
    "a bad timeout": ("timeout", "soon"),
    "a corrupt call": ("data", b"x\x9cgarbage"),
    "a call that inflates without end": ("data", zlib.compress(b"[" + b" " * 50_000_000)),
    "a corrupt meta": ("meta", b"\x80\x04garbage"),
    "a queue that is no name": ("origin", b"\xff|\n:"),
}
# What nobody will ever run is dropped from its queue, as RQ does; its hash stays to be looked at.
DROPPED = ("a bad status", "a status of another case")


@pytest.mark.parametrize("kind", RUN)
def test_garbage_in_a_run(sqlite_system: System, scheduler: Scheduler, kind: str) -> None:
    redis = sqlite_system.redis
    poison = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    field, value = RUN[kind]
    redis.hset(keys.job(poison), field, value)
    whole = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    ran = take_all(sqlite_system)
    assert whole in ran
    if kind not in DROPPED:
        assert poison in ran
    found: Any = redis.hget(keys.job(poison), field)
    assert found == (value if isinstance(value, bytes) else value.encode()) or field == "status"
    passes(scheduler)
    see_everything(sqlite_system)


# --- in queues and registries --------------------------------------------------------------------


def ghost(redis: Redis) -> None:
    redis.lpush(keys.queue("default"), "ghost")


def ghost_that_is_no_text(redis: Redis) -> None:
    redis.lpush(keys.queue("default"), b"\xff\xfe")


def job_that_is_no_hash(redis: Redis) -> None:
    redis.set(keys.job("poison"), "text")
    redis.lpush(keys.queue("default"), "poison")


def job_that_is_no_text(redis: Redis) -> None:
    redis.hset(b"rq:job:\xff", mapping={"status": "queued", "data": CALL})
    redis.lpush(keys.queue("default"), b"\xff")


def in_progress_that_is_no_text(redis: Redis) -> None:
    redis.zadd(keys.started("default"), {b"\xff:\xfe": 1})


def in_progress_without_a_colon(redis: Redis) -> None:
    redis.zadd(keys.started("default"), {"poison": 1})


def in_progress_of_a_bad_job(redis: Redis) -> None:
    redis.hset(keys.job("poison"), mapping={"status": b"\xff", "created_at": "yesterday"})
    redis.zadd(keys.started("default"), {"poison:execution": 1})


def dead_execution_that_is_no_text(redis: Redis) -> None:
    redis.zadd(keys.LIVENESS, {b"default|\xff|\xfe": 1})


def dead_execution_of_a_bad_job(redis: Redis) -> None:
    redis.set(keys.job("poison"), "text")
    redis.zadd(keys.LIVENESS, {"default|poison|x": 1, "nothing": 1, "||||": 1})


def in_progress_of_another_type(redis: Redis) -> None:
    redis.set(keys.started("default"), "text")


def queue_name_that_is_no_text(redis: Redis) -> None:
    redis.sadd(keys.QUEUES, b"rq:queue:\xff", "nonsense", "")


def delayed_that_is_no_text(redis: Redis) -> None:
    redis.zadd(keys.delayed("default"), {b"\xff": 1})


def delayed_without_a_job(redis: Redis) -> None:
    redis.set(keys.job("poison"), "text")
    redis.zadd(keys.delayed("default"), {"poison": 1, "ghost": 1})


PLACES: list[Poison] = [
    ghost, ghost_that_is_no_text, job_that_is_no_hash, job_that_is_no_text,
    in_progress_that_is_no_text, in_progress_without_a_colon, in_progress_of_a_bad_job,
    in_progress_of_another_type, dead_execution_that_is_no_text, dead_execution_of_a_bad_job,
    queue_name_that_is_no_text, delayed_that_is_no_text, delayed_without_a_job,
]  # fmt: skip


@pytest.mark.parametrize("plant", PLACES, ids=lambda one: one.__name__)
def test_garbage_in_queues_and_registries(
    sqlite_system: System, scheduler: Scheduler, plant: Poison
) -> None:
    redis = sqlite_system.redis
    plant(redis)
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    lost = actions.trigger(sqlite_system, OPERATOR, "morning").run_id
    taken = take(redis, sqlite_system.catalogue, "w", ("low",))
    assert taken
    assert taken.run_id == lost
    redis.zadd(keys.LIVENESS, {f"low|{lost}|{taken.execution_id}": 2})
    passes(scheduler)
    recover(redis, server_now(redis).timestamp())
    assert lost in queued(redis, "low"), "the run of a dead worker starts again"
    assert run_id in take_all(sqlite_system)
    see_everything(sqlite_system)


def take_all(system: System) -> list[str]:
    """Take what waits, until nothing does."""
    ran: list[str] = []
    while taken := take(system.redis, system.catalogue, "w", QUEUES):
        ran.append(taken.run_id)
    return ran


def passes(scheduler: Scheduler) -> None:
    """One pass with every chore, as its loop does it."""
    scheduler._chores = scheduler._make_chores()
    for _ in range(2):
        try:
            scheduler.tick()
        except ResponseError as error:
            if not scheduler._mended(error):
                raise


def told(system: System, place: str) -> None:
    """It stands among what was set aside, with a reason, and among the problems."""
    (one,) = [each for each in entries(system.redis) if each["name"].startswith(f"{place} ")]
    assert one["reason"]
    problems = reads.overview(system, datetime.now(UTC)).problems
    assert any(problem.kind == "quarantine" for problem in problems)


def see_everything(system: System) -> None:
    """No page fails for it."""
    now = datetime.now(UTC)
    reads.overview(system, now)
    reads.queues(system, now)
    entries(system.redis)
