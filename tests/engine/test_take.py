"""A worker takes what it may run; the rest is dropped or set aside whole, never in the way."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app import actions, keys
from app.system import System
from app.taking import Taken, take
from tests.engine.stage import QUEUES, events, queued, server_now
from tests.fixtures import OPERATOR


def take_one(system: System, queues: tuple[str, ...] = QUEUES) -> Taken | None:
    return take(system.redis, system.catalogue, "w", queues)


def trigger(system: System, task_id: str = "greet") -> str:
    return actions.trigger(system, OPERATOR, task_id).run_id


def quarantine(redis: Redis) -> dict[str, dict[str, str]]:
    found: Any = redis.hgetall(keys.QUARANTINE)
    return {name.decode(): json.loads(note) for name, note in found.items()}


def test_leaving_the_queue_and_being_started_is_one_step(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    run_id = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert (taken.run_id, taken.queue, taken.attempt) == (run_id, "default", 1)
    assert taken.task is sqlite_system.catalogue.task("greet")
    assert queued(redis) == []
    assert redis.hget(keys.job(run_id), "status") == b"started"
    member = f"default|{run_id}|{taken.execution_id}"
    dead_at: Any = redis.zscore(keys.LIVENESS, member)
    assert dead_at == pytest.approx(server_now(redis).timestamp() + 15, abs=2)
    event = events(redis)[-1]
    assert (event.status, event.attempt, event.revision) == ("running", 1, 2)
    assert event.data["worker"] == "w"


def test_nothing_waits_nothing_is_taken(sqlite_system: System) -> None:
    assert take_one(sqlite_system) is None


def test_queues_are_served_in_the_order_given(sqlite_system: System) -> None:
    low = trigger(sqlite_system, "morning")
    default = trigger(sqlite_system, "greet")
    taken = [take_one(sqlite_system), take_one(sqlite_system)]
    assert [one.run_id for one in taken if one] == [default, low]
    other = trigger(sqlite_system, "greet")
    trigger(sqlite_system, "morning")
    first = take_one(sqlite_system, ("low", "default"))
    assert first
    assert first.run_id != other


def test_of_one_queue_the_oldest_comes_first(sqlite_system: System) -> None:
    runs = [trigger(sqlite_system) for _ in range(3)]
    taken = [take_one(sqlite_system) for _ in range(3)]
    assert [one.run_id for one in taken if one] == runs


def test_an_id_without_a_job_is_dropped(sqlite_system: System) -> None:
    sqlite_system.redis.rpush(keys.queue("default"), "ghost", b"\xff\xfe")
    run_id = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert taken.run_id == run_id
    assert queued(sqlite_system.redis) == []


def test_more_ghosts_than_anybody_expects_hide_no_run(sqlite_system: System) -> None:
    sqlite_system.redis.rpush(keys.queue("default"), *(f"ghost-{n}" for n in range(1000)))
    run_id = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert taken.run_id == run_id


@pytest.mark.parametrize("status", ["canceled", "started", "finished", "failed"])
def test_what_is_no_longer_queued_is_dropped(sqlite_system: System, status: str) -> None:
    run_id = trigger(sqlite_system)
    sqlite_system.redis.hset(keys.job(run_id), "status", status)
    assert take_one(sqlite_system) is None
    assert queued(sqlite_system.redis) == []


def test_a_run_pushed_twice_runs_once(sqlite_system: System) -> None:
    run_id = trigger(sqlite_system)
    sqlite_system.redis.rpush(keys.queue("default"), run_id)
    assert take_one(sqlite_system)
    assert take_one(sqlite_system) is None


def test_a_queue_of_another_type_hides_no_other(sqlite_system: System) -> None:
    sqlite_system.redis.set(keys.queue("high"), "text")
    run_id = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert taken.run_id == run_id


# --- broken jobs ---------------------------------------------------------------------------------


def test_a_job_that_is_no_hash_is_set_aside(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.set(keys.job("strange"), "text")
    redis.rpush(keys.queue("default"), "strange")
    run_id = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert taken.run_id == run_id
    note = quarantine(redis)[f"{keys.queue('default')} strange"]
    assert note["reason"] == "its job is a string, not a hash"
    assert redis.get(keys.job("strange")) == b"text"


BROKEN = [
    ("rota_static", "{"),
    ("rota_static", "[]"),
    ("rota_static", "{}"),
    ("rota_static", '{"task_id": 5}'),
    ("rota_static", '{"task_id": "greet", "trigger": "api", "at": "soon"}'),
    ("rota_static", "[" * 5000),
    ("rota_attempt", "many"),
    ("rota_attempt", "1.5"),
    ("rota_revision", "newest"),
]


@pytest.mark.parametrize(("field", "value"), BROKEN)
def test_a_run_whose_own_fields_are_garbage_is_set_aside(
    sqlite_system: System, field: str, value: str
) -> None:
    redis = sqlite_system.redis
    broken = trigger(sqlite_system)
    redis.hset(keys.job(broken), field, value)
    whole = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert taken.run_id == whole
    assert field in quarantine(redis)[f"{keys.queue('default')} {broken}"]["reason"]
    assert redis.hget(keys.job(broken), field) == value.encode()
    # It must not count as live for ever, or its task would never fire again.
    assert redis.hget(keys.job(broken), "status") == b"failed"


def test_a_run_whose_call_is_garbage_belongs_to_no_task(sqlite_system: System) -> None:
    run_id = trigger(sqlite_system)
    sqlite_system.redis.hset(keys.job(run_id), "data", b"\x80\x04garbage")
    taken = take_one(sqlite_system)
    assert taken
    assert (taken.run_id, taken.task) == (run_id, None)


# --- foreign jobs --------------------------------------------------------------------------------


def foreign(redis: Redis, name: str, *args: Any, json_form: bool = True, **kwargs: Any) -> str:
    serializer = JSONSerializer if json_form else None
    queue = Queue("default", connection=redis, serializer=serializer)
    return str(queue.enqueue(name, args=args, kwargs=kwargs).id)


def test_a_foreign_json_job_of_a_task_is_taken(sqlite_system: System) -> None:
    job_id = foreign(sqlite_system.redis, "tests.samples.basic.greet", "Ada", times=2)
    taken = take_one(sqlite_system)
    assert taken
    assert (taken.run_id, taken.attempt) == (job_id, 1)
    assert taken.arguments == {"name": "Ada", "times": 2}
    assert taken.static["triggered_by"] == "rq"
    event = events(sqlite_system.redis)[-1]
    assert event.static["arguments"] == {"name": "Ada", "times": 2}


class Marker:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_the_marker_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Marker(tmp_path / "read")))  # noqa: S301 - shows that it would act
    assert (tmp_path / "read").exists()


def test_a_pickled_job_is_set_aside_whole_and_never_unpickled(
    sqlite_system: System, tmp_path: Path
) -> None:
    redis = sqlite_system.redis
    marker = tmp_path / "read"
    job_id = foreign(redis, "tests.samples.basic.greet", Marker(marker), json_form=False)
    redis.hset(keys.job(job_id), "meta", pickle.dumps(Marker(marker)))
    before: Any = redis.dump(keys.job(job_id))
    run_id = trigger(sqlite_system)
    taken = take_one(sqlite_system)
    assert taken
    assert taken.run_id == run_id
    assert not marker.exists()
    assert redis.dump(keys.job(job_id)) == before
    assert "pickled" in quarantine(redis)[f"{keys.queue('default')} {job_id}"]["reason"]


REFUSED = [
    ("os.system", ("true",), {}, "no task"),
    ("tests.samples.basic.Path", (), {}, "no task"),
    ("tests.samples.basic.greet", (), {"nome": "Ada"}, "fit"),
    ("tests.samples.basic.greet", (1, 2, 3, 4), {}, "argument"),
]


@pytest.mark.parametrize(("name", "args", "kwargs", "reason"), REFUSED)
def test_a_foreign_job_that_no_task_would_take_is_set_aside(
    sqlite_system: System,
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    reason: str,
) -> None:
    job_id = foreign(sqlite_system.redis, name, *args, **kwargs)
    assert take_one(sqlite_system) is None
    note = quarantine(sqlite_system.redis)[f"{keys.queue('default')} {job_id}"]
    assert reason in note["reason"]
    assert sqlite_system.redis.hget(keys.job(job_id), "status") == b"queued"


def test_a_call_that_inflates_without_end_is_set_aside(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    bomb = zlib.compress(b"[" + b" " * 50_000_000)
    redis.hset(keys.job("bomb"), mapping={"status": "queued", "data": bomb})
    redis.rpush(keys.queue("default"), "bomb")
    assert take_one(sqlite_system) is None
    assert "inflates" in quarantine(redis)[f"{keys.queue('default')} bomb"]["reason"]


def test_a_foreign_id_that_is_no_text_is_set_aside(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    data = json.dumps(["tests.samples.basic.greet", None, [], {}])
    redis.hset(b"rq:job:\xff", mapping={"status": "queued", "data": data})
    redis.rpush(keys.queue("default"), b"\xff")
    assert take_one(sqlite_system) is None
    assert redis.llen(keys.queue("default")) == 0
    assert redis.hlen(keys.QUARANTINE) == 1


def test_what_is_set_aside_is_dated(sqlite_system: System) -> None:
    foreign(sqlite_system.redis, "os.system", "true")
    take_one(sqlite_system)
    (note,) = quarantine(sqlite_system.redis).values()
    age = datetime.now(UTC) - datetime.fromisoformat(note["at"])
    assert 0 <= age.total_seconds() < 10
