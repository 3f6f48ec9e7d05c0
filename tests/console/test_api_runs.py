"""Runs, logs, audit, panels and health over the API."""

from __future__ import annotations

import pytest
from flask import Flask

from app.contributions import Figure, Panel, PanelContent, PanelTable, contributions
from app.errors import Unavailable
from app.system import System
from tests.console.past_runs import FAULT, past_log, past_run
from tests.console.people import Browser, Program


def test_runs_can_be_filtered(reading_program: Program, console_system: System) -> None:
    good = past_run(console_system, minutes_ago=1)
    bad = past_run(console_system, "fails", minutes_ago=2, status="failed", error=FAULT)
    cases = {
        "": [good, bad],
        "?status=failed": [bad],
        "?task_id=greet": [good],
        "?task_id=greet&status=failed": [],
        "?trigger=schedule&limit=1": [good],
        "?trigger=backfill": [],
    }
    for query, expected in cases.items():
        body = reading_program.get(f"/api/v1/runs{query}").get_json()
        assert [run["run_id"] for run in body["runs"]] == expected, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=banana", "status"),
        ("trigger=banana", "trigger"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("cursor=banana", "cursor"),
        ("state=failed", "state"),
        ("status=failed&status=queued", "status"),
    ],
)
def test_a_wrong_filter_is_refused_and_named(
    reading_program: Program, query: str, field: str
) -> None:
    answer = reading_program.get(f"/api/v1/runs?{query}")
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_a_run_tells_everything(reading_program: Program, console_system: System) -> None:
    run_id = past_run(
        console_system, "fails", status="failed", error=FAULT, arguments={"message": "no"}
    )
    run = reading_program.get(f"/api/v1/runs/{run_id}").get_json()
    assert run["error"] == FAULT
    assert run["arguments"] == {"message": "no"}
    assert run["duration_seconds"] == 3.0
    assert run["wait_seconds"] == 1.0
    assert run["fire_time"].endswith("Z")


def test_a_list_shows_what_a_run_was_given_and_gave_up_to_a_length(
    reading_program: Program, console_system: System
) -> None:
    past_run(console_system, arguments={"limit": 5, "api_token": "hunter2"}, result="x" * 3000)
    [run] = reading_program.get("/api/v1/runs").get_json()["runs"]
    assert run["arguments"]["limit"] == 5
    assert "hunter2" not in str(run)
    assert (run["result"], run["cut"]) == (None, ["result"])
    assert reading_program.get("/api/v1/runs?q=arg.api_token%3Dhunter2").status_code == 422


def test_an_unknown_run_is_not_found(reading_program: Program) -> None:
    for run_id in ("nothing", "a:b", "x" * 300, "%3Cimg%3E", "a%0Ab", "..%2Fx", "%00"):
        for path in (f"/api/v1/runs/{run_id}", f"/api/v1/runs/{run_id}/logs"):
            answer = reading_program.get(path)
            assert answer.status_code == 404, path
            assert answer.content_type == "application/problem+json"


def test_a_log_is_read_from_where_one_stopped(
    reading_program: Program, console_system: System
) -> None:
    run_id = past_run(console_system)
    past_log(console_system, run_id, "one", "two", "three")
    first = reading_program.get(f"/api/v1/runs/{run_id}/logs").get_json()
    assert [line["message"] for line in first["lines"]] == ["one", "two", "three"]
    assert first["complete"] is True
    rest = reading_program.get(f"/api/v1/runs/{run_id}/logs?after=2").get_json()
    assert [line["message"] for line in rest["lines"]] == ["three"]
    assert reading_program.get(f"/api/v1/runs/{run_id}/logs?after=x").status_code == 422


def test_every_act_is_in_the_audit_with_who_and_from_where(
    acting_program: Program, operator: Browser
) -> None:
    acting_program.post("/api/v1/tasks/greet/pause", {"reason": "quota"})
    operator.post("/tasks/greet/resume")
    acts = acting_program.get("/api/v1/audit").get_json()["acts"]
    assert [(act["verb"], act["actor"], act["role"], act["via"]) for act in acts] == [
        ("resume", "otto", "operator", "console"),
        ("pause", "deploys", "operator", "api"),
    ]
    assert {act["address"] for act in acts} == {"127.0.0.1"}


@pytest.fixture
def panels(console: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two panels, one of which has lost its service."""

    def away() -> PanelContent:
        raise Unavailable("The mail archive", retry_after=30)

    content = PanelContent(
        figures=[Figure("Open", "14")], table=PanelTable(["Who"], [["Ada"]], 3), html="<b>hi</b>"
    )
    known = {
        "hiring": Panel("hiring", "Hiring", "How it goes.", lambda: content),
        "mail": Panel("mail", "Mail", "What went out.", away),
    }
    monkeypatch.setattr(contributions, "panels", known)


@pytest.mark.usefixtures("panels")
def test_panels_are_listed_and_shown(reading_program: Program) -> None:
    body = reading_program.get("/api/v1/panels").get_json()
    assert [panel["name"] for panel in body["panels"]] == ["hiring", "mail"]
    content = reading_program.get("/api/v1/panels/hiring").get_json()["content"]
    assert content["figures"][0]["value"] == "14"
    assert content["table"] == {"columns": ["Who"], "rows": [["Ada"]], "total": 3}
    assert reading_program.get("/api/v1/panels/nothing").status_code == 404


@pytest.mark.usefixtures("panels")
def test_a_service_that_is_away_is_told_with_when_to_try_again(
    reading_program: Program, viewer: Browser
) -> None:
    answer = reading_program.get("/api/v1/panels/mail")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "mail archive" in answer.get_json()["detail"]
    page = viewer.get("/panels/mail")
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "30"
    assert "mail archive" in page.text


@pytest.mark.usefixtures("panels")
def test_a_panels_html_is_shown_in_a_sandbox_without_scripts(viewer: Browser) -> None:
    page = viewer.get("/panels/hiring").text
    assert '<iframe class="preview" sandbox' in page
    assert "<b>hi</b>" not in page
    preview = viewer.get("/panels/hiring/preview")
    assert preview.text == "<b>hi</b>"
    policy = preview.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy


def test_being_alive_needs_nothing(stranger: Browser) -> None:
    answer = stranger.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_being_ready_needs_redis_and_the_database(
    stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = stranger.get("/readyz")
    assert (ready.status_code, ready.get_json()) == (
        200,
        {"status": "ok", "redis": "ok", "database": "ok"},
    )
    away = {"redis": "cannot reach redis://secret@host", "database": "ok"}
    monkeypatch.setattr("app.reads.ready", lambda system: away)
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == {"status": "unavailable", "redis": "away", "database": "ok"}


def test_metrics_are_prometheus_text(reading_program: Program) -> None:
    answer = reading_program.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert "# TYPE" in answer.text
