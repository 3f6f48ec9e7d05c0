"""Tasks over the API: what is shown, what may be done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.system import System
from tests.console.past_runs import FAULT, past_run
from tests.console.people import Program

FIELDS = {
    "id", "name", "description", "queue", "schedule", "schedules", "state", "pause",
    "next_run_at", "last_run", "overlap", "misfire", "grace_seconds", "timeout_seconds", "retry",
    "parameters", "limits", "override", "paused_by_all",
}  # fmt: skip


def listed(program: Program) -> dict[str, Any]:
    answer = program.get("/api/v1/tasks/list")
    assert answer.status_code == 200
    return {task["id"]: task for task in answer.get_json()["tasks"]}


def test_the_list_holds_every_task_and_their_number(reading_program: Program) -> None:
    body = reading_program.get("/api/v1/tasks/list").get_json()
    assert set(body) == {"tasks", "total", "next_cursor"}
    assert body["total"] == len(body["tasks"])
    assert {"greet", "morning", "tick", "fails"} <= {task["id"] for task in body["tasks"]}
    assert all(set(task) == FIELDS for task in body["tasks"])


def test_a_task_tells_what_it_is(reading_program: Program) -> None:
    task = reading_program.get("/api/v1/tasks/morning").get_json()
    assert task["id"] == "morning"
    assert task["description"] == "Run in the morning."
    assert task["state"] == "active"
    assert task["schedule"]["kind"] == "cron"
    assert task["schedule"]["cron"] == "0 9 * * *"
    assert task["schedule"]["timezone"] == "America/New_York"
    assert datetime.fromisoformat(task["next_run_at"]).tzinfo is not None
    assert task["grace_seconds"] == 6 * 3600
    assert task["parameters"]["type"] == "object"


def test_a_task_tells_how_its_last_run_went(
    reading_program: Program, console_system: System
) -> None:
    run_id = past_run(console_system, "fails", status="failed", error=FAULT)
    last = listed(reading_program)["fails"]["last_run"]
    assert last["run_id"] == run_id
    assert last["status"] == "failed"
    assert last["duration_seconds"] == 3.0
    assert {"fire_time", "started_at", "ended_at", "error"} <= set(last)


def test_triggering_is_accepted_and_the_run_is_found_at_once(acting_program: Program) -> None:
    answer = acting_program.post("/api/v1/tasks/greet/trigger", {"arguments": {"name": "Ada"}})
    assert answer.status_code == 202
    body = answer.get_json()
    assert body["task_id"] == "greet"
    assert body["status"] == "queued"
    assert answer.headers["Location"] == f"/api/v1/runs/{body['run_id']}"
    run = acting_program.get(answer.headers["Location"]).get_json()
    assert run["status"] == "queued"
    assert run["trigger"] == "api"
    assert run["triggered_by"] == "deploys"
    assert run["arguments"] == {"name": "Ada"}


def test_triggering_needs_no_body(acting_program: Program) -> None:
    answer = acting_program.client.post(
        "/api/v1/tasks/greet/trigger", headers=acting_program.headers
    )
    assert answer.status_code == 202


def test_a_run_may_be_ordered_for_later(acting_program: Program) -> None:
    later = {"at": "2027-01-31T09:00:00+01:00"}
    body = acting_program.post("/api/v1/tasks/greet/trigger", later).get_json()
    assert body["status"] == "scheduled"


def test_the_same_idempotency_key_makes_one_run(acting_program: Program) -> None:
    path = "/api/v1/tasks/greet/trigger"
    first = acting_program.post(path, {"arguments": {"times": 2}}, Idempotency_Key="once")
    again = acting_program.post(path, {"arguments": {"times": 2}}, Idempotency_Key="once")
    other = acting_program.post(path, {"arguments": {"times": 3}}, Idempotency_Key="once")
    assert first.get_json()["run_id"] == again.get_json()["run_id"]
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)


def test_arguments_off_the_schema_are_refused_and_nothing_runs(acting_program: Program) -> None:
    path = "/api/v1/tasks/greet/trigger"
    for arguments in ({"nobody": 1}, {"times": "many"}, {"tone": "shrill"}):
        answer = acting_program.post(path, {"arguments": arguments})
        assert answer.status_code == 422
        assert set(answer.get_json()["errors"]) == set(arguments)
    assert acting_program.get("/api/v1/runs?trigger=api").get_json()["runs"] == []


def test_pause_and_resume_answer_the_task(acting_program: Program) -> None:
    paused = acting_program.post("/api/v1/tasks/greet/pause", {"reason": "quota"})
    assert paused.status_code == 200
    task = paused.get_json()
    assert task["state"] == "paused"
    assert task["pause"]["by"] == "deploys"
    assert task["pause"]["reason"] == "quota"
    assert task["next_run_at"] is None
    resumed = acting_program.post("/api/v1/tasks/greet/resume")
    assert resumed.status_code == 200
    assert resumed.get_json()["state"] == "active"
    assert resumed.get_json()["pause"] is None


def test_pausing_needs_no_body(acting_program: Program) -> None:
    answer = acting_program.post("/api/v1/tasks/greet/pause")
    assert answer.status_code == 200
    assert answer.get_json()["pause"]["reason"] == "no reason given"


def test_a_pause_may_end_by_itself(acting_program: Program) -> None:
    body = {"reason": "holidays", "until": "2027-01-07T08:00:00-05:00"}
    task = acting_program.post("/api/v1/tasks/greet/pause", body).get_json()
    assert task["pause"]["until"] == "2027-01-07T13:00:00Z"


def test_a_task_that_is_not_paused_cannot_be_resumed(acting_program: Program) -> None:
    answer = acting_program.post("/api/v1/tasks/greet/resume")
    assert answer.status_code == 409
    assert "active" in answer.get_json()["detail"]


def test_everything_can_be_paused_and_resumed(acting_program: Program) -> None:
    paused = acting_program.post("/api/v1/pause", {"reason": "moving"})
    assert (paused.status_code, paused.get_json()["paused"]) == (200, True)
    assert all(task["paused_by_all"] for task in listed(acting_program).values())
    assert acting_program.get("/api/v1/tasks/status/overview").get_json()["pause"]["reason"] == (
        "moving"
    )
    resumed = acting_program.post("/api/v1/resume")
    assert (resumed.status_code, resumed.get_json()["paused"]) == (200, False)
    assert acting_program.post("/api/v1/resume").status_code == 409


def test_an_unknown_task_is_not_found_whatever_one_wants_of_it(acting_program: Program) -> None:
    for path in ("", "/runs", "/next"):
        assert acting_program.get(f"/api/v1/tasks/nothing{path}").status_code == 404
    for act in ("trigger", "pause", "resume"):
        assert acting_program.post(f"/api/v1/tasks/nothing/{act}").status_code == 404


def test_the_next_fire_times_come_with_the_offset_of_their_zone(reading_program: Program) -> None:
    path = "/api/v1/tasks/morning/next?n=3&after=2026-03-06T00:00:00Z"
    body = reading_program.get(path).get_json()
    assert [time["at"] for time in body["fire_times"]] == [
        "2026-03-06T09:00:00-05:00",
        "2026-03-07T09:00:00-05:00",
        "2026-03-08T09:00:00-04:00",
    ]
    assert body["text"]


def test_a_schedule_can_be_tried_before_it_is_saved(reading_program: Program) -> None:
    path = "/api/v1/tasks/greet/next?cron=30+2+*+*+*&timezone=Europe/Berlin"
    body = reading_program.get(f"{path}&after=2026-03-28T12:00:00Z&n=2").get_json()
    assert body["fire_times"][0] == {"at": "2026-03-29T03:00:00+02:00", "note": "gap"}
    every = reading_program.get("/api/v1/tasks/greet/next?every=90s&n=1")
    assert every.status_code == 200


def test_a_wrong_preview_says_what_is_wrong(reading_program: Program) -> None:
    wrong = {
        "n=0": "n", "n=x": "n", "n=100000": "n", "after=tomorrow": "after",
        "after=2026-03-06T00:00:00": "after", "cron=banana": "cron", "cron=99+*+*+*+*": "cron",
    }  # fmt: skip
    for query, field in wrong.items():
        answer = reading_program.get(f"/api/v1/tasks/greet/next?{query}")
        assert answer.status_code == 422, query
        assert field in answer.get_json()["errors"], query


def test_the_overview_tells_how_all_stands(reading_program: Program) -> None:
    body = reading_program.get("/api/v1/tasks/status/overview").get_json()
    expected = {"status", "scheduler", "workers", "queues", "tasks", "runs_24h", "problems"}
    assert expected <= set(body)
    assert body["status"] in ("ok", "degraded", "down")
    assert body["tasks"]["total"] == len(listed(reading_program))


def test_a_task_has_its_runs_page_by_page(reading_program: Program, console_system: System) -> None:
    ids = [past_run(console_system, minutes_ago=minutes) for minutes in range(1, 6)]
    past_run(console_system, "fails", status="failed")
    path = "/api/v1/tasks/greet/runs?limit=2"
    seen: list[str] = []
    cursor = None
    while True:
        page = reading_program.get(path + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += [run["run_id"] for run in page["runs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
