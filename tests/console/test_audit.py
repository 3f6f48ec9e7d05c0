"""The audit: one row an act, found again by who, what, where and when, and taken along safely."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import actions, reads
from app.actions import Actor
from app.records.database import writing
from app.records.schema import audit
from app.system import System
from console.difference import Change, changes
from console.spreadsheet import cell
from tests.console.people import ACTING, OTTO, Browser, Program, signed_in

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "\x00=1"]


def note(system: System, **values: object) -> None:
    row = {"at": NOON, "actor": "otto", "role": "operator", "via": "api", "address": "10.0.0.1",
           "verb": "pause", "target": "greet", "outcome": "accepted"}  # fmt: skip
    with writing(system.database) as connection:
        connection.execute(audit.insert().values(**row | values))


def listed(program: Program, query: str = "") -> list[dict[str, object]]:
    answer = program.get(f"/api/v1/audit{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.get_json()["acts"]
    return found


@pytest.fixture
def several(console_system: System) -> None:
    note(console_system, actor="vera", verb="trigger", target="greet", outcome="refused")
    note(console_system, target="greet-nightly", verb="reschedule", via="console")
    note(console_system, target="greet--1800000000", verb="retry", address="10.0.0.2")
    note(console_system, target="greetings", verb="trigger", at=NOON + timedelta(hours=1))
    note(console_system, target="100%_greet", verb="trigger", at=NOON - timedelta(hours=1))


@pytest.mark.parametrize(
    ("query", "targets"),
    [
        ("?actor=vera", ["greet"]),
        ("?verb=retry", ["greet--1800000000"]),
        ("?task_id=greet", ["greet--1800000000", "greet-nightly", "greet"]),
        ("?run_id=greet--1800000000", ["greet--1800000000"]),
        ("?via=console", ["greet-nightly"]),
        ("?address=10.0.0.2", ["greet--1800000000"]),
        ("?outcome=refused", ["greet"]),
        ("?since=2026-11-24T12:30:00Z", ["greetings"]),
        ("?until=2026-11-24T12:00:00Z", ["100%_greet"]),
        ("?task_id=%25", []),
        ("?task_id=_reet", []),
        ("?actor=otto&verb=reschedule", ["greet-nightly"]),
        ("?actor='+OR+1=1--", []),
    ],
)
@pytest.mark.usefixtures("several")
def test_filters_find_what_they_say(
    reading_program: Program, viewer: Browser, query: str, targets: list[str]
) -> None:
    assert [act["target"] for act in listed(reading_program, query)] == targets
    if "T12" not in query:
        page = viewer.get(f"/audit{query}").text
        assert page.count('<tr id="act-') == len(targets)


@pytest.mark.parametrize(
    "query", ["?outcome=maybe", "?via=smoke", "?since=yesterday", "?cursor=x", "?limit=0", "?who=x"]
)
def test_wrong_filters_are_refused(reading_program: Program, query: str) -> None:
    assert reading_program.get(f"/api/v1/audit{query}").status_code == 422


def test_wrong_filters_are_told_on_the_page(viewer: Browser) -> None:
    for query in ("?outcome=maybe", "?since=yesterday", "?cursor=x"):
        assert viewer.get(f"/audit{query}").status_code == 422


def test_pages_follow_each_other_without_gap_or_repeat(
    console_system: System, reading_program: Program
) -> None:
    for number in range(7):
        note(console_system, target=f"task{number}")
    note(console_system, actor="vera")
    seen, query = [], "?limit=3&actor=otto"
    while True:
        answer = reading_program.get(f"/api/v1/audit{query}").get_json()
        seen += [act["target"] for act in answer["acts"]]
        if not answer["next_cursor"]:
            break
        query = f"?limit=3&actor=otto&cursor={answer['next_cursor']}"
    assert seen == [f"task{number}" for number in reversed(range(7))]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_never_is_a_formula(text: str) -> None:
    assert cell(text).startswith("'")
    assert "\x00" not in cell(text)
    assert cell(f"a{text}").startswith("a")


def test_the_audit_is_taken_along_as_csv_and_json(console_system: System, viewer: Browser) -> None:
    for text in FORMULAS[:-1]:
        note(console_system, actor=text, before={"password": "hunter2"}, after={"cron": text})
    note(console_system, actor="vera")
    answer = viewer.get("/audit/export/csv?verb=pause")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert [row["actor"] for row in rows] == ["vera", *(f"'{t}" for t in reversed(FORMULAS[:-1]))]
    assert "hunter2" not in answer.text
    acts = viewer.get("/audit/export/json?actor=vera").get_json()["acts"]
    assert [act["actor"] for act in acts] == ["vera"]
    assert viewer.get("/audit/export/exe").status_code == 404
    assert viewer.get("/audit/export/csv?outcome=maybe").status_code == 422


def test_only_what_differs_is_shown() -> None:
    before = {"schedule": {"cron": "0 9 * * *", "timezone": "UTC"}, "queue": "low", "x": 1}
    after = {"schedule": {"cron": "0 8 * * *", "timezone": "UTC"}, "queue": "low", "y": [1]}
    assert changes(before, after) == [
        Change("schedule.cron", "0 9 * * *", "0 8 * * *"),
        Change("x", 1, None),
        Change("y", None, [1]),
    ]
    assert changes(None, {"a": 1}) == [Change("a", None, 1)]
    assert changes("a", "b") == [Change("", "a", "b")]
    assert changes({"a": 1}, {"a": 1}) == changes(None, None) == []
    assert len(changes({}, {str(n): n for n in range(500)})) == 51


def test_a_page_shows_what_a_reschedule_changed(console_system: System, viewer: Browser) -> None:
    otto = Actor("otto", "operator", "cli")
    actions.reschedule(
        console_system, otto, "morning", cron="0 8 * * *", timezone="America/New_York"
    )
    page = viewer.get("/audit").text
    assert "<del>" in page
    assert "0 9 * * *" in page
    assert "0 8 * * *" in page
    assert page.count("<dt>") == 1


def refused_by_api(program: Program) -> list[TestResponse]:
    trigger = "/api/v1/tasks/greet/trigger"
    return [
        program.post("/api/v1/tasks/greet/resume"),  # 409
        program.post(trigger, {"arguments": {"times": "many"}}),  # 422 by the task
        program.post(trigger, {"surely unknown": 1}),  # 422 by the body
        program.post("/api/v1/tasks/nothing/trigger"),  # 404
        program.post_raw(trigger, b"{"),  # 400
        program.post_raw(trigger, b" " * 1_000_001),  # 413
        program.post_raw(trigger, b"{}", "text/plain"),  # 415
        program.post("/api/v1/queues/nothing/pause", {"reason": "x"}),  # 404
        program.post("/api/v1/pause", {"reason": "x", "until": "2020-01-01T00:00:00Z"}),  # 422
    ]


def test_each_refused_act_leaves_one_row_by_the_api(
    console_system: System, acting_program: Program
) -> None:
    answers = refused_by_api(acting_program)
    assert [a.status_code for a in answers] == [409, 422, 422, 404, 400, 413, 415, 404, 422]
    rows = reads.audit(console_system).items
    assert len(rows) == len(answers)
    assert {(row.actor, row.outcome) for row in rows} == {(ACTING.name, "refused")}
    told = [(row.verb, row.target) for row in reversed(rows)]
    assert told[:2] == [("resume", "greet"), ("trigger", "greet")]
    assert told[-2:] == [("pause", "queue:nothing"), ("pause", "*")]


def test_each_refused_act_leaves_one_row_by_the_console(
    console: Flask, console_system: System
) -> None:
    browser = signed_in(console, OTTO)
    answers = [
        browser.post("/tasks/greet/pause"),
        browser.post("/tasks/greet/resume"),
        browser.post("/tasks/nothing/trigger"),
        browser.post("/tasks/greet/trigger", **{"arg-times": "many"}),
        browser.post("/runs/nothing/cancel"),
        browser.post("/users", name="x"),
    ]
    rows = reads.audit(console_system).items
    assert [answer.status_code < 400 for answer in answers].count(True) <= 1
    assert [row.outcome for row in rows] == ["refused"] * len(answers)


def test_each_accepted_act_leaves_one_row(console_system: System, acting_program: Program) -> None:
    acting_program.post("/api/v1/tasks/greet/trigger")
    acting_program.post("/api/v1/tasks/greet/pause", {"reason": "x"})
    acting_program.post("/api/v1/tasks/greet/resume")
    acting_program.post("/api/v1/queues/low/empty")
    rows = reads.audit(console_system).items
    assert [(row.verb, row.outcome) for row in reversed(rows)] == [
        ("trigger", "accepted"),
        ("pause", "accepted"),
        ("resume", "accepted"),
        ("empty", "accepted"),
    ]


def test_what_only_looks_leaves_no_row(console_system: System, acting_program: Program) -> None:
    dry = {"from": "2026-11-01T00:00:00Z", "to": "2020-11-02T00:00:00Z", "dry_run": True}
    acting_program.get("/api/v1/tasks/nothing")
    acting_program.get("/api/v1/tasks/list?limit=x")
    assert reads.audit(console_system).items == ()
    assert acting_program.post("/api/v1/tasks/greet/backfill", dry).status_code == 422
    assert len(reads.audit(console_system).items) <= 1
