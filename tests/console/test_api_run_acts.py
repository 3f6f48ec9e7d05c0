"""Acts on runs, queues and workers over the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rq.utils import utcformat

from app import actions, keys
from app.system import System
from tests.console.past_runs import FAULT, past_run
from tests.console.people import Program
from tests.fixtures import OPERATOR


def trigger(program: Program, task_id: str = "greet") -> str:
    run_id: str = program.post(f"/api/v1/tasks/{task_id}/trigger").get_json()["run_id"]
    return run_id


def test_a_waiting_run_is_postponed_and_cancelled(acting_program: Program) -> None:
    path = f"/api/v1/runs/{trigger(acting_program)}"
    moved = acting_program.post(f"{path}/reschedule", {"at": "2027-06-01T09:00:00Z"})
    assert (moved.status_code, moved.get_json()["status"]) == (200, "applied")
    assert acting_program.get(path).get_json()["status"] == "scheduled"
    missing = acting_program.post(f"{path}/reschedule")
    assert set(missing.get_json()["errors"]) == {"at"}
    assert acting_program.post(f"{path}/cancel").status_code == 200
    again = acting_program.post(f"{path}/cancel")
    assert again.status_code == 409


def test_what_does_not_run_cannot_be_stopped(acting_program: Program) -> None:
    answer = acting_program.post(f"/api/v1/runs/{trigger(acting_program)}/stop")
    assert answer.status_code == 409
    assert "queued" in answer.get_json()["detail"]


def test_a_failed_run_is_retried_and_run_again(
    acting_program: Program, console_system: System
) -> None:
    run_id = past_run(console_system, "greet", status="failed", error=FAULT)
    again = acting_program.post(f"/api/v1/runs/{run_id}/again", {"arguments": {"name": "Ada"}})
    assert again.status_code == 202
    child = acting_program.get(again.headers["Location"]).get_json()
    assert (child["parent_run_id"], child["arguments"]) == (run_id, {"name": "Ada"})
    assert acting_program.post(f"/api/v1/runs/{run_id}/retry").status_code == 200
    assert acting_program.get(f"/api/v1/runs/{run_id}").get_json()["status"] == "queued"


def test_nobody_acts_on_a_run_that_is_not(acting_program: Program) -> None:
    for act in ("cancel", "stop", "retry", "again"):
        assert acting_program.post(f"/api/v1/runs/nothing/{act}").status_code == 404


def test_queues_tell_what_waits_and_who_listens(
    acting_program: Program, console_system: System
) -> None:
    trigger(acting_program)
    console_system.redis.hset(keys.QUARANTINE, "rq:queue:low x", '{"reason": "pickled"}')
    body = acting_program.get("/api/v1/queues").get_json()
    queues = {queue["name"]: queue for queue in body["queues"]}
    assert (queues["default"]["depth"], queues["default"]["workers"]) == (1, 0)
    assert queues["default"]["oldest_age_seconds"] >= 0
    assert body["set_aside_total"] == 1
    assert body["set_aside"][0]["reason"] == "pickled"


def test_a_queue_is_paused_and_resumed(acting_program: Program) -> None:
    path = "/api/v1/queues/default"
    assert acting_program.post(f"{path}/resume").status_code == 409
    assert acting_program.post(f"{path}/pause", {"reason": "quota"}).status_code == 200
    queues = acting_program.get("/api/v1/queues").get_json()["queues"]
    assert [q["pause"]["reason"] for q in queues if q["name"] == "default"] == ["quota"]
    assert acting_program.post(f"{path}/resume").get_json() == {
        "name": "default", "status": "applied",
    }  # fmt: skip
    assert acting_program.post("/api/v1/queues/nothing/pause").status_code == 404


def test_emptying_a_queue_cancels_what_waits(
    acting_program: Program, console_system: System
) -> None:
    ids = [trigger(acting_program) for _ in range(3)]
    assert acting_program.post("/api/v1/queues/default/empty").get_json() == {
        "name": "default", "cancelled": 3,
    }  # fmt: skip
    assert console_system.redis.llen(keys.queue("default")) == 0
    assert {console_system.redis.hget(keys.job(run_id), "status") for run_id in ids} == {
        b"canceled"
    }


def test_a_worker_is_listed_and_asked_to_stop(
    acting_program: Program, console_system: System
) -> None:
    redis, now = console_system.redis, datetime.now(UTC)
    run_id = actions.trigger(console_system, OPERATOR, "greet").run_id
    redis.sadd(keys.WORKERS, keys.worker("w1"))
    fields: dict[Any, Any] = {"hostname": "h", "pid": "7", "state": "busy",
              "queues": "high,default",
              "birth": utcformat(now), "last_heartbeat": utcformat(now), "current_job": run_id,
              "successful_job_count": "3"}  # fmt: skip
    redis.hset(keys.worker("w1"), mapping=fields)
    [worker] = acting_program.get("/api/v1/workers").get_json()["workers"]
    assert (worker["name"], worker["state"], worker["succeeded"]) == ("w1", "busy", 3)
    assert worker["queues"] == ["high", "default"]
    assert worker["current_run_id"] == run_id
    ear: Any = redis.pubsub()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    ear.subscribe("rq:pubsub:w1")
    answer = acting_program.post("/api/v1/workers/w1/stop")
    assert (answer.status_code, answer.get_json()["status"]) == (202, "stopping")
    heard = [ear.get_message(timeout=1) for _ in range(2)]
    assert b'"shutdown"' in str(heard[-1]).encode()
    ear.close()
    assert acting_program.post("/api/v1/workers/w2/stop").status_code == 404


def test_failures_come_by_cause(acting_program: Program, console_system: System) -> None:
    for minutes in (5, 65):
        past_run(console_system, "fails", minutes_ago=minutes, status="failed", error=FAULT)
    other = FAULT | {"fingerprint": "beef", "type": "KeyError"}
    past_run(console_system, "greet", status="failed", error=other)
    groups = acting_program.get("/api/v1/failures").get_json()["groups"]
    assert {(g["task_id"], g["type"], g["count"]) for g in groups} == {
        ("greet", "KeyError", 1), ("fails", "jobs.services.SheetsError", 2),
    }  # fmt: skip
    only = acting_program.get("/api/v1/failures?task_id=fails").get_json()["groups"]
    assert [g["fingerprint"] for g in only] == ["f00d"]
