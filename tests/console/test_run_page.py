"""A run's own page: acts, kin, log, traceback."""

from __future__ import annotations

from app import actions
from app.system import System
from tests.console.past_runs import FAULT, past_log, past_run
from tests.console.people import Browser, Program
from tests.fixtures import OPERATOR


def waiting(system: System) -> str:
    return actions.trigger(system, OPERATOR, "greet", {"name": "Ada"}).run_id


def test_a_run_offers_only_what_its_state_allows(
    operator: Browser, viewer: Browser, console_system: System
) -> None:
    queued = operator.get(f"/runs/{waiting(console_system)}").text
    assert "Cancel it" in queued
    assert "Postpone…" in queued
    assert "Retry" not in queued
    bad = past_run(console_system, "greet", status="failed", error=FAULT)
    failed = operator.get(f"/runs/{bad}").text
    assert "Retry" in failed
    assert "Run again…" in failed
    assert "Cancel it" not in failed
    good = operator.get(f"/runs/{past_run(console_system, 'greet', minutes_ago=9)}").text
    assert "Retry" not in good
    assert "Run again…" in good
    assert "Run again…" not in viewer.get(f"/runs/{bad}").text


def test_a_waiting_run_is_postponed_and_cancelled(
    operator: Browser, console_system: System
) -> None:
    run_id = waiting(console_system)
    answer = operator.post(f"/runs/{run_id}/postpone", at="2027-06-01T09:00")
    assert answer.location == f"/runs/{run_id}"
    text = operator.get(answer.location).text
    assert "Postponed." in text
    assert "scheduled" in text
    missing = operator.post(f"/runs/{run_id}/postpone")
    assert missing.status_code == 422
    assert "a day and a time" in missing.text
    operator.post(f"/runs/{run_id}/cancel")
    assert "Cancelled: it does not start." in operator.get(f"/runs/{run_id}").text


def test_what_came_too_late_says_what_the_run_is_by_now(
    operator: Browser, console_system: System
) -> None:
    run_id = past_run(console_system, "greet")
    for act in ("cancel", "stop", "retry"):
        answer = operator.post(f"/runs/{run_id}/{act}")
        assert answer.status_code == 409, act
        assert "has succeeded" in answer.text
        assert 'role="alert"' in answer.text


def test_a_run_is_run_again_with_other_arguments(
    operator: Browser, console_system: System, reading_program: Program
) -> None:
    old = past_run(console_system, "greet", arguments={"name": "Ada", "times": 2, "tone": "loud"})
    page = operator.get(f"/runs/{old}").text
    assert 'value="Ada"' in page
    assert '<option value="&#34;loud&#34;" selected>' in page
    answer = operator.post(f"/runs/{old}/again", **{"arg-name": "Bob", "arg-times": "3"})
    assert answer.status_code == 303
    run = reading_program.get(f"/api/v1{answer.location}").get_json()
    assert run["arguments"] == {"name": "Bob", "times": 3}
    assert f'href="/runs/{old}"' in operator.get(answer.location).text
    assert f'id="run-{run["run_id"]}"' in operator.get(f"/runs/{old}").text
    wrong = operator.post(f"/runs/{old}/again", **{"arg-times": "many"})
    assert wrong.status_code == 422
    assert "is a whole number" in wrong.text


def test_a_log_is_filtered_by_level_and_words(viewer: Browser, console_system: System) -> None:
    run_id = past_run(console_system)
    past_log(console_system, run_id, "first words", "second line")
    assert "second line" not in viewer.get(f"/runs/{run_id}?find=FIRST").text
    assert "first words" in viewer.get(f"/runs/{run_id}?find=FIRST&level=info").text
    assert "No line fits" in viewer.get(f"/runs/{run_id}?level=error").text


def test_frames_of_libraries_are_folded(viewer: Browser, console_system: System) -> None:
    trace = (
        "Traceback (most recent call last):\n"
        '  File "/app/jobs/sheets.py", line 4, in sync\n    write()\n'
        '  File "/v/lib/python3.11/site-packages/requests/api.py", line 9, in get\n    go()\n'
        '  File "/v/lib/python3.11/site-packages/requests/x.py", line 1, in go\n    raise E\n'
        "E: no\n"
    )
    error = FAULT | {"traceback": trace}
    run_id = past_run(console_system, "fails", status="failed", error=error)
    text = viewer.get(f"/runs/{run_id}").text
    assert "<summary>2 frames of libraries</summary>" in text
    assert "jobs/sheets.py" in text.split("2 frames")[0]
    assert "E: no" in text.split("2 frames")[1]
