"""Whatever stands in Redis, every address answers: garbage is shown as garbage or left out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from app import keys
from app.actions import trigger
from app.system import System
from tests.console.people import ADA, Browser, signed_in
from tests.fixtures import OPERATOR

NUMBERS = [
    "",
    "-1",
    "0",
    "9" * 30,
    "9" * 5_000,
    "1e999",
    "-1e999",
    "nan",
    "inf",
    "²",
    "0x10",
    " 5 ",
]
TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-24", "now", "NaN"]
TEXTS = ["", "\x00", "\ud800".encode("utf-8", "surrogatepass"), b"\xff\xfe", "<b>", "x" * 100_000]
DOCUMENTS = ["[" * 100_000, "{}", "[]", "null", "5", '"text"', '{"at": 1e999}', "{", '{"at": NaN}']
VALUES: list[Any] = [*NUMBERS, *TIMES, *TEXTS, *DOCUMENTS]
STATIC = {"task_id": "greet", "trigger": "api", "at": 1_800_000_000_000, "queue": "default"}
ODD: list[Any] = [None, [], {}, {"a": 1}, "x", -1, 10**40, 1.5, True, "\ud800", [[1]]]


class World:
    """A Redis in which some things are as they should be and others are anything."""

    def __init__(self, redis: Redis, run_id: str, seed: int) -> None:
        self.redis = redis
        self.run_id = run_id
        self.random = random.Random(seed)

    def spoil(self) -> None:
        """Let each part be right, odd in one field, or of another type."""
        self._hash(keys.SCHEDULERS, {"one": self._note(), "two": self._any()})
        workers = [keys.worker("w1"), keys.worker("w2"), "rq:worker:\n<b>", "nothing"]
        self._set(keys.WORKERS, workers)
        for worker in workers:
            self._hash(worker, self._worker())
        self._hash(keys.job(self.run_id), self._job())
        self._list(keys.log(self.run_id), [self._any() for _ in range(5)])
        self._hash(keys.QUARANTINE, {"x": self._any(), "y": json.dumps({"reason": self._odd()})})
        self._set(keys.QUEUES, ["rq:queue:default", "rq:queue:<b>", self._any()])
        self._list(keys.queue("default"), [self.run_id, self._any()])
        self._hash(keys.PAUSES, {"*": self._any(), "greet": self._any()})
        self._hash(keys.schedule("greet"), {"nominal": self._any(), "definition": self._any()})
        for name in (keys.INCARNATION, keys.CHANGES, keys.EVENTS, keys.SCHEDULE, keys.SUSPENDED,
                     keys.started("default"), keys.failed("default"), keys.skips("greet"),
                     keys.live("greet"), keys.BUFFERED, keys.delayed("default")):  # fmt: skip
            if self.random.random() < 0.4:
                self._wrong_type(name)

    def _worker(self) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        found: dict[str, Any] = {
            "last_heartbeat": now, "birth": now, "state": "busy", "queues": "default",
            "hostname": "h", "pid": "1", "version": "3", "python_version": "3.11",
            "current_job": self.run_id, "successful_job_count": "1", "failed_job_count": "1",
            "total_working_time": "5.5",
        }  # fmt: skip
        return self._some_odd(found, keep="last_heartbeat")

    def _job(self) -> dict[str, Any]:
        static: dict[str, Any] = dict(STATIC)
        if self.random.random() < 0.7:
            static[self.random.choice([*static, "arguments", "fire_time", "parent_run_id",
                                       "triggered_by"])] = self._odd()  # fmt: skip
        progress = {"done": self._odd(), "total": self._odd(), "message": self._odd()}
        found = {
            "status": self.random.choice(["queued", "started", "scheduled", "canceled"]),
            "rota_static": json.dumps(static), "rota_revision": "99999", "rota_attempt": "2",
            "rota_progress": json.dumps(progress), "enqueued_at": "2026-11-24T09:00:00.0Z",
            "started_at": "2026-11-24T09:00:01.0Z", "worker_name": "w1", "rota_log_dropped": "3",
        }  # fmt: skip
        return self._some_odd(found, keep="status")

    def _some_odd(self, found: dict[str, Any], keep: str) -> dict[str, Any]:
        for name in self.random.sample(sorted(set(found) - {keep}), self.random.randint(0, 3)):
            found[name] = self._any()
        return found

    def _note(self) -> str:
        at = self.random.choice([*TIMES, datetime.now(UTC).isoformat()])
        return json.dumps({"at": at, "leads": self._odd()})

    def _any(self) -> Any:
        return self.random.choice(VALUES)

    def _odd(self) -> Any:
        return self.random.choice(ODD)

    def _hash(self, name: str, fields: dict[str, Any]) -> None:
        if not self._wrong_type(name, 0.1):
            self.redis.hset(name, mapping=dict[Any, Any](fields))

    def _set(self, name: str, members: list[Any]) -> None:
        if not self._wrong_type(name, 0.1):
            self.redis.sadd(name, *members)

    def _list(self, name: str, items: list[Any]) -> None:
        if not self._wrong_type(name, 0.1):
            self.redis.rpush(name, *items)

    def _wrong_type(self, name: str, share: float = 1.0) -> bool:
        self.redis.delete(name)
        if self.random.random() >= share:
            return False
        match self.random.randrange(4):
            case 0:
                self.redis.set(name, self._any())
            case 1:
                self.redis.rpush(name, self._any())
            case 2:
                self.redis.zadd(name, {"x": float("inf"), self.run_id: -1e300})
            case _:
                self.redis.sadd(name, self._any())
        return True


def addresses(app: Flask, run_id: str) -> Iterator[str]:
    """Return every address that is read, with names that exist and a name that does not."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in ("static", "sign_in.page"):
            continue
        for name in ("greet", run_id, "nothing"):
            values = dict.fromkeys(rule.arguments, name)
            yield app.url_map.bind("localhost").build(rule.endpoint, values)
            if not rule.arguments:
                break


def answers_everywhere(
    app: Flask, browser: Browser, system: System, redis: Redis, seeds: range
) -> None:
    accepted = trigger(system, OPERATOR, "greet")
    paths = list(addresses(app, accepted.run_id))
    assert len(paths) > 30
    for seed in seeds:
        World(redis, accepted.run_id, seed).spoil()
        for path in paths:
            answer = browser.get(path)
            assert answer.status_code < 500 or answer.status_code == 503, (seed, path)


def test_every_address_answers_over_a_hostile_redis(
    console: Flask, console_system: System, redis: Redis
) -> None:
    answers_everywhere(console, signed_in(console, ADA), console_system, redis, range(8))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_address_answers_over_hundreds_of_hostile_redises(
    console: Flask, console_system: System, redis: Redis
) -> None:
    answers_everywhere(console, signed_in(console, ADA), console_system, redis, range(8, 150))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("birth", "0001-01-01T00:00:00+14:00"),
        ("successful_job_count", "9" * 5_000),
        ("successful_job_count", "²"),
        ("total_working_time", "1e999"),
        ("total_working_time", "nan"),
    ],
)
def test_a_worker_with_an_absurd_field_is_shown_without_it(
    console: Flask, console_system: System, redis: Redis, field: str, value: str
) -> None:
    now = datetime.now(UTC) - timedelta(seconds=1)
    redis.sadd(keys.WORKERS, keys.worker("w"))
    redis.hset(keys.worker("w"), mapping={"last_heartbeat": now.isoformat(), field: value})
    browser = signed_in(console, ADA)
    [worker] = browser.get("/api/v1/workers").get_json()["workers"]
    assert worker["name"] == "w"
    assert worker["started_at"] is None
    assert (worker["succeeded"], worker["working_seconds"]) == (0, 0.0)
    assert browser.get("/workers").status_code == 200
