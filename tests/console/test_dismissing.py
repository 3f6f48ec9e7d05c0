"""Putting a cause of failures aside, by page and by API, until it fails once more."""

from __future__ import annotations

from datetime import UTC, datetime

from app.system import System
from tests.console.past_runs import FAULT, past_run
from tests.console.people import Browser, Program
from tests.console.test_pages import follow

CAUSE = {"task_id": "fails", "fingerprint": "f00d"}


def fail(system: System, minutes_ago: float) -> str:
    return past_run(system, "fails", minutes_ago=minutes_ago, status="failed", error=FAULT)


def test_a_dismissed_cause_is_out_of_the_way_until_it_fails_once_more(
    operator: Browser, console_system: System
) -> None:
    fail(console_system, 60)
    assert "Fails: the last run failed" in operator.get("/").text
    text = follow(operator, "/failures/dismiss", reason="the vendor knows", **CAUSE)
    assert 'id="cause-f00d-fails"' not in text
    assert "the vendor knows" in text.split('id="aside-f00d-fails"')[1]
    assert "Fails: the last run failed" not in operator.get("/").text
    now = datetime.now(UTC)
    past_run(console_system, "fails", minutes_ago=0, status="failed", error=FAULT, ended_at=now)
    text = operator.get("/failures").text
    assert "1 failure since otto dismissed it" in text.split('id="cause-f00d-fails"')[1]
    assert "Fails: the last run failed" in operator.get("/").text


def test_a_dismissed_cause_is_shown_again_when_somebody_asks(
    operator: Browser, console_system: System
) -> None:
    fail(console_system, 60)
    follow(operator, "/failures/dismiss", reason="later", **CAUSE)
    assert 'id="cause-f00d-fails"' in follow(operator, "/failures/restore", **CAUSE)
    assert operator.post("/failures/restore", **CAUSE).status_code == 409
    audit = operator.get("/audit").text
    assert "dismiss <b>fails f00d</b>" in audit
    assert "restore <b>fails f00d</b>" in audit


def test_a_dismissal_needs_a_reason_a_cause_and_the_right_to_act(
    operator: Browser, viewer: Browser, console_system: System
) -> None:
    fail(console_system, 60)
    answer = operator.post("/failures/dismiss", **CAUSE)
    assert answer.status_code == 422
    assert "needs a reason" in answer.text
    assert (
        operator.post("/failures/dismiss", task_id="fails", fingerprint="x", reason="y").status_code
        == 404
    )
    assert viewer.post("/failures/dismiss", reason="y", **CAUSE).status_code == 403
    assert 'id="cause-f00d-fails"' in viewer.get("/failures").text


def test_programs_dismiss_restore_and_retry_a_cause(
    acting_program: Program, console_system: System
) -> None:
    fail(console_system, 60)
    path = "/api/v1/failures/fails/f00d"
    assert acting_program.post(f"{path}/dismiss").status_code == 422
    assert acting_program.post(f"{path}/dismiss", {"reason": "known"}).status_code == 200
    found = acting_program.get("/api/v1/failures").get_json()
    assert found["groups"] == []
    assert found["dismissed"][0]["dismissal"]["reason"] == "known"
    assert acting_program.post(f"{path}/restore").get_json() == {"status": "shown"}
    assert acting_program.post(f"{path}/retry").get_json() == {"retried": 1, "left": 0}


def test_missed_fire_times_are_a_calm_line_that_goes_when_dismissed(
    operator: Browser, console_system: System
) -> None:
    past_run(console_system, "greet", minutes_ago=40, status="missed", started_at=None)
    past_run(console_system, "greet", minutes_ago=10)
    text = operator.get("/").text
    assert "1 fire time was missed, and each task has run since." in text
    assert "Nothing to do." in text
    assert "Nothing to do." not in follow(operator, "/missed/dismiss")
