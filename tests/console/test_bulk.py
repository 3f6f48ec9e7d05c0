"""Acting on all that fit: counted, confirmed, watched and taken back, by page and by program."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.bulk import carry_on
from app.system import System
from tests.console.past_runs import past_run
from tests.console.people import Browser, Program

BULK = "/api/v1/runs/bulk"


def failed(system: System, number: int) -> list[str]:
    return [
        past_run(system, minutes_ago=place + 1, status="failed", arguments={})
        for place in range(number)
    ]


def test_all_that_fit_are_counted_confirmed_and_watched_to_the_end(
    operator: Browser, console_system: System
) -> None:
    ids = failed(console_system, 3)
    past_run(console_system, "fails", status="succeeded")
    runs = operator.get("/runs?task_id=greet&q=since:1h").text
    [address] = re.findall(r'href="(/runs/bulk\?[^"]*act=retry[^"]*)"', runs)
    looked = operator.get(address.replace("&amp;", "&"))
    assert "3 runs would be queued again" in looked.text
    assert all(run_id in looked.text for run_id in ids)
    everything = operator.get("/runs/bulk?act=retry&filter=").text
    assert "1 run: succeeded: only what ended without success can be retried" in everything
    answer = operator.post("/runs/bulk", act="retry", filter="task:greet since:1h", expected="3")
    assert answer.status_code == 303
    page = operator.get(answer.location).text
    assert "0 of 3" in page
    assert "No scheduler is running." in page
    carry_on(console_system, datetime.now(UTC))
    page = operator.get(answer.location).text
    assert "3 of 3" in page
    assert "cancel those that still wait" in page
    undone = operator.post(f"{answer.location}/undo")
    assert "3 runs to put back" in operator.get(undone.location).text
    listed = operator.get("/bulk").text
    assert listed.count("Retry: 3 runs") == 1
    assert listed.count("Cancel: 3 runs") == 1


def test_more_than_was_counted_is_not_acted_on(operator: Browser, console_system: System) -> None:
    failed(console_system, 3)
    answer = operator.post("/runs/bulk", act="retry", filter="task:greet", expected="2")
    assert answer.status_code == 409
    assert "By now it would be 3 runs, not 2" in answer.text
    assert "3 runs would be queued again" in answer.text
    assert "No bulk act yet" in operator.get("/bulk").text


def test_a_search_that_cannot_be_read_comes_back_with_the_reason(operator: Browser) -> None:
    answer = operator.get("/runs/bulk?act=retry&filter=colour:red")
    assert answer.status_code == 422
    assert "“colour:” is not known" in answer.text
    assert operator.post("/runs/bulk", act="explode", filter="").status_code == 422


def test_the_rest_is_cancelled_from_the_page(operator: Browser, console_system: System) -> None:
    failed(console_system, 2)
    place = operator.post("/runs/bulk", act="retry", filter="task:greet").location
    answer = operator.post(f"{place}/cancel")
    assert "2 runs stay as they are" in operator.get(answer.location).text
    assert "Never had their turn" in operator.get(place).text


def test_a_viewer_may_look_but_not_act(viewer: Browser, console_system: System) -> None:
    failed(console_system, 2)
    looked = viewer.get("/runs/bulk?act=retry&filter=task:greet").text
    assert "2 runs would be queued again" in looked
    assert "<button class=" not in looked.partition("<main")[2].partition("</main")[0]
    assert "/runs/bulk" not in viewer.get("/runs").text
    assert viewer.post("/runs/bulk", act="retry", filter="task:greet").status_code == 403


def test_programs_count_act_watch_and_take_back(
    acting_program: Program, console_system: System
) -> None:
    ids = failed(console_system, 2)
    wanted = {"filter": "task:greet status:failed", "act": "retry"}
    looked = acting_program.post(BULK, {**wanted, "dry_run": True})
    assert looked.status_code == 200
    assert (looked.get_json()["runs"], looked.get_json()["capped"]) == (2, False)
    assert sorted(run["run_id"] for run in looked.get_json()["sample"]) == sorted(ids)
    assert acting_program.get("/api/v1/bulk").get_json() == {"bulk": [], "next_cursor": None}
    accepted = acting_program.post(BULK, {**wanted, "expected": 2})
    assert accepted.status_code == 202
    place = accepted.headers["Location"]
    assert place.endswith(f"/bulk/{accepted.get_json()['bulk_id']}")
    assert acting_program.get(place).get_json()["bulk"]["state"] == "waiting"
    assert acting_program.post(f"{place}/undo").status_code == 409
    carry_on(console_system, datetime.now(UTC))
    report = acting_program.get(place).get_json()
    assert (report["bulk"]["done"], report["bulk"]["state"]) == (2, "done")
    assert acting_program.post(f"{place}/cancel").status_code == 409
    assert acting_program.post(f"{place}/undo").get_json()["runs"] == 2
    assert len(acting_program.get("/api/v1/bulk?limit=1").get_json()["bulk"]) == 1


def test_programs_hear_what_is_allowed(acting_program: Program) -> None:
    for body, key in (
        ({"act": "retry"}, "filter"),
        ({"act": "explode", "filter": ""}, "act"),
        ({"act": "retry", "filter": "colour:red"}, "q"),
    ):
        answer = acting_program.post(BULK, body)
        assert answer.status_code == 422
        assert key in answer.get_json()["errors"]
    assert acting_program.post(BULK, {"act": "stop", "filter": ""}).status_code == 409
    assert acting_program.get("/api/v1/bulk/nope").status_code == 404
