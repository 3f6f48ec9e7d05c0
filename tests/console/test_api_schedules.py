"""Schedules over the API: change, reset, further ones, skipping, backfills."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.test import TestResponse

from tests.console.people import Program


def put(program: Program, path: str, body: Any) -> TestResponse:
    return program.client.put(path, json=body, headers=program.headers)


def delete(program: Program, path: str) -> TestResponse:
    return program.client.delete(path, headers=program.headers)


def test_a_task_is_rescheduled_and_reset(acting_program: Program) -> None:
    changed = acting_program.post(
        "/api/v1/tasks/greet/reschedule", {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}
    )
    assert changed.status_code == 200
    task = changed.get_json()
    assert (task["schedule"]["cron"], task["schedule"]["timezone"]) == (
        "0 6 * * *",
        "Europe/Berlin",
    )
    [override] = task["override"]
    assert (override["by"], override["code_value"]["every_seconds"]) == ("deploys", 1800)
    reset = acting_program.post("/api/v1/tasks/greet/reset").get_json()
    assert reset["schedule"]["every_seconds"] == 1800
    assert reset["override"] is None
    assert acting_program.post("/api/v1/tasks/greet/reset").status_code == 409


def test_a_change_of_what_was_changed_meanwhile_is_refused(acting_program: Program) -> None:
    path = "/api/v1/tasks/greet"
    [seen] = acting_program.get(f"{path}/schedules").get_json()["schedules"]
    body = {"every": "5m", "revision": seen["revision"]}
    assert acting_program.post(f"{path}/reschedule", body).status_code == 200
    late = acting_program.post(f"{path}/reschedule", {**body, "every": "7m"})
    assert late.status_code == 409
    assert "meanwhile" in late.get_json()["detail"]


def test_what_is_no_schedule_is_refused(acting_program: Program) -> None:
    for body, field in (
        ({"cron": "banana"}, "cron"),
        ({"every": "soon"}, "every"),
        ({}, "cron"),
        ({"cron": "0 9 * * *", "every": "5m"}, "cron"),
        ({"cron": 5}, "cron"),
        ({"every": "5m", "revision": "x"}, "revision"),
    ):
        answer = acting_program.post("/api/v1/tasks/greet/reschedule", body)
        assert answer.status_code == 422, body
        assert field in answer.get_json()["errors"], body
    assert acting_program.post("/api/v1/tasks/no/reschedule", {"every": "5m"}).status_code == 404


def test_a_schedule_may_have_a_start_an_end_and_a_number_of_runs(acting_program: Program) -> None:
    limits = {"start": "2030-01-01T00:00:00Z", "end": "2030-02-01T01:00:00+01:00", "max_runs": 5}
    path = "/api/v1/tasks/greet"
    changed = acting_program.post(f"{path}/reschedule", {"cron": "0 6 * * *", **limits})
    assert changed.status_code == 200
    schedule = changed.get_json()["schedule"]
    assert (schedule["start"], schedule["end"]) == ("2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z")
    assert (schedule["max_runs"], schedule["runs_left"], schedule["state"]) == (5, 5, "active")
    assert schedule["next_run_at"] == "2030-01-01T06:00:00Z"
    assert schedule["text"].endswith("at most 5 runs, 5 left")
    made = acting_program.post(
        f"{path}/schedules", {"name": "night", "every": "1h", "max_runs": 2}
    ).get_json()["schedules"][1]
    assert (made["max_runs"], made["start"], made["end"]) == (2, None, None)
    put(acting_program, "/api/v1/schedules/greet-night", {"every": "1h", "max_runs": 7})
    [_, night] = acting_program.get(f"{path}/schedules").get_json()["schedules"]
    assert night["max_runs"] == 7
    tried = acting_program.get(f"{path}/next?every=1h&max_runs=3&start=2030-01-01T00:30:00Z")
    times = [time["at"] for time in tried.get_json()["fire_times"]]
    assert times == [f"2030-01-01T0{hour}:00:00+00:00" for hour in (1, 2, 3)]


def test_limits_that_make_no_sense_are_refused_and_change_nothing(acting_program: Program) -> None:
    path = "/api/v1/tasks/greet"
    before = acting_program.get(path).get_json()
    for limits, field in (
        ({"start": "2030-02-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"}, "end"),
        ({"end": "2020-01-01T00:00:00Z"}, "end"),
        ({"end": "soon"}, "end"),
        ({"start": "2030-02-01T00:00:00"}, "start"),
        ({"max_runs": 0}, "max_runs"),
        ({"max_runs": -1}, "max_runs"),
        ({"max_runs": 1.5}, "max_runs"),
        ({"max_runs": "5"}, "max_runs"),
        ({"max_runs": True}, "max_runs"),
    ):
        for send, place in (
            (acting_program.post, f"{path}/reschedule"),
            (lambda p, b: put(acting_program, p, b), "/api/v1/schedules/greet"),
        ):
            answer = send(place, {"every": "1h", **limits})
            assert answer.status_code == 422, limits
            assert set(answer.get_json()["errors"]) == {field}, limits
        named = {"name": "night", "every": "1h", **limits}
        assert acting_program.post(f"{path}/schedules", named).status_code == 422, limits
    assert acting_program.get(path).get_json() == before


def test_further_schedules_come_and_go(acting_program: Program) -> None:
    path = "/api/v1/tasks/greet/schedules"
    made = acting_program.post(
        path, {"name": "night", "cron": "0 2 * * *", "arguments": {"name": "owl"}}
    )
    assert made.status_code == 201
    assert made.headers["Location"] == "/api/v1/schedules/greet-night"
    own, night = made.get_json()["schedules"]
    assert (own["schedule_id"], own["source"]) == ("greet", "code")
    assert (night["schedule_id"], night["source"]) == ("greet-night", "console")
    assert acting_program.post(path, {"name": "night", "every": "5m"}).status_code == 409
    assert acting_program.post(path, {"every": "5m"}).get_json()["errors"].keys() == {"name"}
    changed = put(acting_program, "/api/v1/schedules/greet-night", {"every": "2h"})
    assert changed.get_json() == {"schedule_id": "greet-night", "status": "applied"}
    assert delete(acting_program, "/api/v1/schedules/greet-night").status_code == 200
    assert delete(acting_program, "/api/v1/schedules/greet-night").status_code == 404
    assert delete(acting_program, "/api/v1/schedules/greet").status_code == 409
    assert acting_program.get(path).get_json()["total"] == 1


def test_a_coming_fire_time_is_skipped(acting_program: Program) -> None:
    before = acting_program.get("/api/v1/tasks/greet").get_json()["next_run_at"]
    after = acting_program.post("/api/v1/tasks/greet/skip").get_json()["next_run_at"]
    gap = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    assert gap == timedelta(minutes=30)
    wrong = acting_program.post("/api/v1/tasks/greet/skip", {"fire_time": "2027-01-01T00:00:01Z"})
    assert wrong.status_code == 422
    assert acting_program.post("/api/v1/tasks/fails/skip").status_code == 409


def test_a_backfill_is_looked_at_made_and_cancelled(acting_program: Program) -> None:
    end = datetime.now(UTC).replace(microsecond=0)
    body = {"from": (end - timedelta(hours=2)).isoformat(), "to": end.isoformat()}
    path = "/api/v1/tasks/greet/backfill"
    dry = acting_program.post(path, {**body, "dry_run": True})
    assert dry.status_code == 200
    planned = dry.get_json()
    assert (planned["backfill_id"], planned["runs"]) == (None, 4)
    assert len(planned["planned"]) == 4
    made = acting_program.post(path, {**body, "concurrency": 2})
    assert made.status_code == 202
    backfill_id = made.get_json()["backfill_id"]
    [listed] = acting_program.get("/api/v1/tasks/greet/backfills").get_json()["backfills"]
    assert (listed["backfill_id"], listed["total"], listed["done"]) == (backfill_id, 4, 0)
    cancelled = delete(acting_program, f"/api/v1/backfills/{backfill_id}")
    assert cancelled.get_json() == {"backfill_id": backfill_id, "cancelled": 4}
    assert acting_program.post("/api/v1/backfills/none/cancel").status_code == 404


def test_a_backfill_without_a_range_says_what_is_needed(acting_program: Program) -> None:
    answer = acting_program.post("/api/v1/tasks/greet/backfill", {"dry_run": True})
    assert answer.status_code == 422
    assert set(answer.get_json()["errors"]) == {"from", "to"}
    for body in ({"dry_run": "yes"}, {"concurrency": 0}, {"concurrency": 1.5}):
        times = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}
        answer = acting_program.post("/api/v1/tasks/greet/backfill", times | body)
        assert set(answer.get_json()["errors"]) == set(body), body
