"""What somebody wrote into Redis ends no worker: it is set aside whole, its neighbours run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from app import keys
from app.parking import PARK_FOR, parked_since
from app.system import System
from app.taking import take
from tests.worker.crews import burst, start_worker, status, trigger, wait_for, worker_names

QUEUES = ("high", "default", "low")


def static(redis: Redis, run_id: str) -> dict[str, Any]:
    found: Any = redis.hget(keys.job(run_id), "rota_static")
    document: dict[str, Any] = json.loads(found)
    return document


def with_arguments(text: str) -> Callable[[Redis, str], bytes]:
    """Write `arguments` as text that the scripts' JSON reader takes."""

    def change(redis: Redis, run_id: str) -> bytes:
        document = json.dumps({**static(redis, run_id), "arguments": "HERE"})
        return document.replace('"HERE"', text).encode()

    return change


def with_field(name: str, text: str) -> Callable[[Redis, str], bytes]:
    def change(redis: Redis, run_id: str) -> bytes:
        document = json.dumps({**static(redis, run_id), name: "HERE"})
        return document.replace('"HERE"', text).encode()

    return change


def with_wrong_bytes(redis: Redis, run_id: str) -> bytes:
    return (
        json.dumps({**static(redis, run_id), "arguments": "HERE"})
        .encode()
        .replace(b"HERE", b"\xff\xfe")
    )


UNREADABLE = {
    "bytes that are no text": with_wrong_bytes,
    "a hexadecimal number": with_arguments('{"n": 0x10}'),
    "nested 990 deep": with_arguments("[" * 990 + "]" * 990),
    "a time beyond the calendar": with_field("at", "1e300"),
    "an infinite time": with_field("at", "1e999"),
    "a fire time beyond the calendar": with_field("fire_time", "1e300"),
    "a fire time that is a list": with_field("fire_time", "[]"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_run_that_only_python_cannot_read_is_set_aside(worker_system: System, kind: str) -> None:
    redis = worker_system.redis
    broken = trigger(worker_system, "behaves")
    written = UNREADABLE[kind](redis, broken)
    redis.hset(keys.job(broken), "rota_static", written)
    whole = trigger(worker_system, "behaves")
    taken = take(redis, worker_system.catalogue, "w", QUEUES)
    assert taken
    assert taken.run_id == whole
    assert redis.hget(keys.job(broken), "status") == b"failed"
    assert redis.hget(keys.job(broken), "rota_static") == written
    noted: Any = redis.hget(keys.QUARANTINE, f"{keys.queue('default')} {broken}")
    assert "rota_static" in json.loads(noted)["reason"]
    # Nothing of it is left where it would be taken for running.
    assert redis.zcard(keys.LIVENESS) == redis.zcard(keys.started("default")) == 1
    assert redis.scard(keys.worker_executions("w")) == 1
    assert redis.smembers(keys.live("behaves")) == {whole.encode()}


def test_an_id_that_is_no_text_before_good_fields_is_set_aside(worker_system: System) -> None:
    redis = worker_system.redis
    run_id = trigger(worker_system, "behaves")
    redis.copy(keys.job(run_id), b"rq:job:\xff")  # type: ignore[arg-type]  # bytes are a name too
    redis.lpush(keys.queue("default"), b"\xff")
    taken = take(redis, worker_system.catalogue, "w", QUEUES)
    assert taken
    assert taken.run_id == run_id
    assert redis.hexists(keys.QUARANTINE, f"{keys.queue('default')} \\xff")


@pytest.mark.parametrize("field", ["rota_attempt", "rota_revision"])
def test_a_number_of_twenty_digits_is_set_aside(worker_system: System, field: str) -> None:
    redis = worker_system.redis
    run_id = trigger(worker_system, "behaves")
    redis.hset(keys.job(run_id), field, "1" * 20)
    assert take(redis, worker_system.catalogue, "w", QUEUES) is None
    assert redis.hget(keys.job(run_id), field) == b"1" * 20
    assert redis.hlen(keys.QUARANTINE) == 1


@pytest.mark.parametrize("value", [b"garbage", b"\xff", b"nan", b"inf", b"-1", b"9" * 400, b""])
def test_a_garbage_time_of_parking_parks_anew(worker_system: System, value: bytes) -> None:
    redis = worker_system.redis
    run_id = trigger(worker_system, "behaves")
    redis.hset(keys.job(run_id), "rota_parked_since", value)
    before = time.time()
    assert before <= parked_since(redis, run_id) <= time.time()
    kept: Any = redis.hget(keys.job(run_id), "rota_parked_since")
    assert before <= float(kept) <= time.time()
    # From then on it counts.
    redis.hset(keys.job(run_id), "rota_parked_since", str(before - PARK_FOR.total_seconds()))
    parked = parked_since(redis, run_id)
    assert parked == pytest.approx(before - PARK_FOR.total_seconds())


def test_a_worker_runs_what_stands_between_poison(worker_system: System) -> None:
    redis = worker_system.redis
    good = [trigger(worker_system, "behaves")]
    for change in UNREADABLE.values():
        broken = trigger(worker_system, "behaves")
        redis.hset(keys.job(broken), "rota_static", change(redis, broken))
        good.append(trigger(worker_system, "behaves"))
    redis.rpush(keys.queue("default"), b"\xff\xfe")
    burst(worker_system)
    assert {status(worker_system, run_id) for run_id in good} == {"finished"}
    assert redis.hlen(keys.QUARANTINE) == len(UNREADABLE)


COMMANDS = [
    b"[" * 200_000,
    b'{"command": ' + b"[" * 100_000,
    b"\xff\xfe",
    b"5",
    b'"shutdown"',
    b"[]",
    b"{}",
    b'{"command": {"a": 1}}',
    b'{"command": "stop-job"}',
    b'{"command": "stop-execution", "execution_id": {}}',
]


def test_no_command_ends_a_worker_that_is_not_one(worker_system: System) -> None:
    worker = start_worker(worker_system)
    wait_for(worker_system, trigger(worker_system, "behaves"), "finished")
    (name,) = worker_names(worker_system)
    for command in COMMANDS:
        worker_system.redis.publish(keys.commands(name), command)
    wait_for(worker_system, trigger(worker_system, "behaves"), "finished")
    assert worker.alive


@pytest.mark.parametrize(
    "key", [keys.WORKERS, keys.ready("default"), keys.QUEUES, keys.LIVENESS, keys.EVENTS]
)
def test_a_worker_starts_and_works_over_overwritten_keys(worker_system: System, key: str) -> None:
    redis = worker_system.redis
    run_id = trigger(worker_system, "behaves")
    redis.delete(key)
    redis.set(key, "somebody's text")
    worker = start_worker(worker_system)
    wait_for(worker_system, run_id, "finished")
    redis.delete(key)
    redis.set(key, "somebody's text")
    wait_for(worker_system, trigger(worker_system, "behaves"), "finished", timeout=8)
    assert worker.alive
    assert redis.hexists(keys.QUARANTINE, key)
