"""The screens: what they show, and what their forms do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import Flask

from app.system import System
from tests.console.past_runs import FAULT, past_log, past_run
from tests.console.people import Browser, Program


def follow(browser: Browser, path: str, **form: str) -> str:
    """Send a form and return the page it leads to."""
    answer = browser.post(path, **form)
    assert answer.status_code == 303, answer.text
    return browser.get(answer.location).text


def test_today_shows_every_task_on_the_time_line(viewer: Browser, console_system: System) -> None:
    bad = past_run(console_system, "fails", minutes_ago=90, status="failed")
    past_run(console_system, "greet", minutes_ago=30)
    text = viewer.get("/").text
    for task_id in console_system.catalogue.tasks:
        assert f'id="lane-{task_id}"' in text
    assert f'href="/runs/{bad}"' in text
    assert "Fails, past 12 hours: 1 failed" in text
    assert "now " in text


def test_today_says_what_needs_attention_and_leads_there(
    viewer: Browser, console_system: System
) -> None:
    bad = past_run(console_system, "fails", status="failed")
    text = viewer.get("/").text
    assert re.search(r"\d+ things? needs? attention", text)
    section = text.split('class="attention"')[1].split("</section>")[0]
    assert f'href="/runs/{bad}"' in section
    assert "No worker is running" in section
    assert "All is well" not in text


def test_tasks_tells_the_story_of_each(viewer: Browser, console_system: System) -> None:
    past_run(console_system, "greet", minutes_ago=40)
    past_run(console_system, "greet", minutes_ago=10, status="failed")
    text = viewer.get("/tasks").text
    row = text.split('id="task-greet"')[1].split("</tr>")[0]
    assert "Every 30 minutes" in row or "every 30 minutes" in row
    assert "last 2: " in row
    assert "1 succeeded" in row
    assert "1 failed" in row
    assert "active" in row


def test_a_task_shows_its_next_fire_times_in_its_own_zone(viewer: Browser) -> None:
    text = viewer.get("/tasks/morning").text
    assert "Next fire times in America/New_York" in text
    assert len(re.findall(r"\b09:00</time>", text)) == 10


def test_a_task_tells_its_policies_in_words(viewer: Browser) -> None:
    text = viewer.get("/tasks/morning").text
    assert "skip the new one" in text
    assert "run the newest once, up to 6 h late" in text
    assert "<dt>Retries</dt><dd>none" in text
    assert "<dt>Retries</dt><dd>up to 1 time, after 1 s<" in viewer.get("/tasks/fails").text


def test_running_a_task_leads_to_its_run(operator: Browser) -> None:
    answer = operator.post("/tasks/greet/trigger", **{"arg-name": "Ada", "arg-times": "3"})
    assert re.fullmatch(r"/runs/greet--m\d+-\w+", answer.location)
    text = operator.get(answer.location).text
    assert "Accepted" in text
    assert "queued" in text
    assert "Ada" in text
    assert "by hand, otto" in text
    assert "Accepted" not in operator.get(answer.location).text


def test_a_form_sent_twice_makes_one_run(operator: Browser) -> None:
    page = operator.get("/tasks/greet").text
    found = re.search(r'name="once" value="([^"]+)"', page)
    assert found is not None
    first = operator.post("/tasks/greet/trigger", once=found[1])
    again = operator.post("/tasks/greet/trigger", once=found[1])
    assert first.location == again.location


def test_wrong_fields_come_back_with_what_was_entered(operator: Browser) -> None:
    answer = operator.post("/tasks/greet/trigger", **{"arg-name": "Ada", "arg-times": "many"})
    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    assert 'value="Ada"' in answer.text
    assert "is a whole number" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "data-live" not in answer.text


def test_what_the_task_refuses_is_shown_at_its_field(operator: Browser) -> None:
    answer = operator.post("/tasks/sleeps/trigger", **{"arg-seconds": "inf"})
    assert answer.status_code == 422
    assert "is a number" in answer.text


def test_a_task_is_paused_with_a_reason_and_resumed(operator: Browser) -> None:
    text = follow(operator, "/tasks/greet/pause", reason="quota used up")
    assert "Paused by otto" in text
    assert "quota used up" in text
    row = operator.get("/tasks").text.split('id="task-greet"')[1].split("</tr>")[0]
    assert "quota used up" in row
    assert "Resume" in row
    text = follow(operator, "/tasks/greet/resume", back="/tasks")
    assert "greet is resumed" in text


def test_a_pause_without_a_reason_comes_back(operator: Browser) -> None:
    answer = operator.post("/tasks/greet/pause", reason="  ")
    assert answer.status_code == 422
    assert "needs a reason" in answer.text


def test_a_pause_may_end_by_itself(operator: Browser) -> None:
    until = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    text = follow(operator, "/tasks/greet/pause", reason="holidays", until=until)
    assert "Resumes by itself" in text


def test_resuming_what_is_not_paused_explains_itself(operator: Browser) -> None:
    answer = operator.post("/tasks/greet/resume")
    assert answer.status_code == 409
    assert "only what is paused can be resumed" in answer.text


def test_forms_never_lead_elsewhere(operator: Browser) -> None:
    answer = operator.post("/tasks/greet/pause", reason="x", back="//evil.example")
    assert answer.location == "/"


def test_while_everything_is_paused_every_page_says_so(operator: Browser) -> None:
    text = follow(operator, "/pause", reason="moving house")
    assert "Everything is paused" in text
    for path in ("/", "/tasks", "/tasks/greet", "/runs", "/audit"):
        page = operator.get(path).text
        assert "Everything is paused" in page, path
        assert "moving house" in page, path
        assert "Resume everything" in page, path
    assert "Everything is resumed" in follow(operator, "/resume")
    assert "Everything is paused" not in operator.get("/tasks").text


def test_runs_are_filtered_by_the_address(viewer: Browser, console_system: System) -> None:
    good = past_run(console_system, "greet")
    bad = past_run(console_system, "fails", status="failed")
    text = viewer.get("/runs?status=failed").text
    assert f"/runs/{bad}" in text
    assert f"/runs/{good}" not in text
    assert "<option selected>failed" in text
    assert "No run fits" in viewer.get("/runs?task_id=nothing").text
    assert viewer.get("/runs?status=banana").status_code == 422


def test_runs_come_in_pages_that_keep_the_filter(viewer: Browser, console_system: System) -> None:
    ids = [past_run(console_system, minutes_ago=minutes) for minutes in range(1, 61)]
    seen: list[str] = []
    path = "/runs?task_id=greet"
    for _ in range(2):
        text = viewer.get(path).text
        seen += re.findall(r'id="run-([^"]+)"', text)
        older = re.search(r'href="([^"]+)" rel="next"', text)
        if older is None:
            break
        path = older[1].replace("&amp;", "&")
        assert "task_id=greet" in path
    assert seen == ids


def test_lists_tell_the_class_and_first_line_of_an_error(
    viewer: Browser, console_system: System, reading_program: Program
) -> None:
    fault = FAULT | {"message": "429 Quota exceeded\nwait an hour"}
    past_run(console_system, "fails", status="failed", error=fault)
    text = viewer.get("/runs").text
    assert "<b>SheetsError</b> 429 Quota exceeded</span>" in text
    assert "Traceback" not in text
    [run] = reading_program.get("/api/v1/runs").get_json()["runs"]
    assert run["error"]["type"] == "jobs.services.SheetsError"
    assert run["error"]["message"] == "429 Quota exceeded"


def test_a_run_leads_to_the_ones_before_and_after_however_old_it_is(
    viewer: Browser, console_system: System
) -> None:
    ids = [past_run(console_system, minutes_ago=minutes) for minutes in range(1, 71)]
    oldest, inner, newest = (viewer.get(f"/runs/{ids[n]}").text for n in (69, 65, 0))
    assert f'href="/runs/{ids[68]}" rel="next"' in oldest
    assert 'rel="prev"' not in oldest
    assert f'href="/runs/{ids[66]}" rel="prev"' in inner
    assert f'href="/runs/{ids[64]}" rel="next"' in inner
    assert 'rel="next"' not in newest


def test_a_failed_run_shows_why(viewer: Browser, console_system: System) -> None:
    run_id = past_run(console_system, "fails", status="failed", error=FAULT)
    text = viewer.get(f"/runs/{run_id}").text
    assert "SheetsError" in text
    assert "429 Quota exceeded" in text
    assert "Traceback (most recent call last)" in text


def test_results_are_shown_in_the_form_that_suits_them(
    viewer: Browser, console_system: System
) -> None:
    pairs = past_run(console_system, minutes_ago=1, result={"written": 12_288, "ok": True})
    table = past_run(console_system, minutes_ago=2, result=[{"who": "Ada", "found": 1}] * 3)
    words = past_run(console_system, minutes_ago=3, result="two lines\nof text")
    assert '<dt>written</dt><dd><bdi class="words">12,288' in viewer.get(f"/runs/{pairs}").text
    text = viewer.get(f"/runs/{table}").text
    assert '<th scope="col">who</th>' in text
    assert text.count("<td>Ada</td>") == 3
    assert '<pre class="data">two lines\nof text</pre>' in viewer.get(f"/runs/{words}").text


def test_a_run_shows_its_log_and_offers_it_as_text(viewer: Browser, console_system: System) -> None:
    run_id = past_run(console_system)
    past_log(console_system, run_id, "hello Ada", "<b>not bold</b>", "forged\nline")
    text = viewer.get(f"/runs/{run_id}").text
    assert "hello Ada" in text
    plain = viewer.get(f"/runs/{run_id}/log")
    assert plain.content_type == "text/plain; charset=utf-8"
    assert "INFO test: <b>not bold</b>\n" in plain.text
    assert viewer.get("/runs/nothing/log").status_code == 404


def test_a_run_leads_to_the_runs_beside_it(viewer: Browser, console_system: System) -> None:
    ids = [past_run(console_system, minutes_ago=minutes) for minutes in (3, 2, 1)]
    middle = viewer.get(f"/runs/{ids[1]}").text
    assert f'href="/runs/{ids[0]}" rel="prev"' in middle
    assert f'href="/runs/{ids[2]}" rel="next"' in middle
    assert 'rel="prev"' not in viewer.get(f"/runs/{ids[0]}").text
    assert 'rel="next"' not in viewer.get(f"/runs/{ids[2]}").text


def test_what_does_not_exist_is_explained(viewer: Browser) -> None:
    for path in ("/tasks/nothing", "/runs/nothing", "/panels/nothing", "/nothing", "/tasks/a%00b"):
        answer = viewer.get(path)
        assert answer.status_code == 404, path
        assert "Not found" in answer.text


def test_empty_screens_teach(open_console: object, viewer: Browser) -> None:
    assert "Every run stands here" in viewer.get("/runs").text
    assert "Nobody did anything yet" in viewer.get("/audit").text
    assert "It has not run yet" in viewer.get("/tasks/greet").text


def test_the_audit_shows_who_did_what(operator: Browser, acting_program: Program) -> None:
    acting_program.post("/api/v1/tasks/greet/pause", {"reason": "quota"})
    text = operator.get("/audit").text
    assert "deploys" in text
    assert "pause <b>greet</b>" in text
    assert "quota" in text


def test_light_and_dark_are_remembered(viewer: Browser) -> None:
    assert 'data-theme="auto"' in viewer.get("/").text
    answer = viewer.post("/theme", theme="dark", back="/runs")
    assert answer.location == "/runs"
    assert 'data-theme="dark"' in viewer.get("/runs").text
    assert viewer.post("/theme", theme="banana").status_code == 400
    viewer.client.set_cookie("rota-theme", '"><script>', domain="localhost")
    assert 'data-theme="auto"' in viewer.get("/").text


def test_every_page_has_one_heading_a_title_and_a_way_past_the_menu(
    viewer: Browser, console: Flask, console_system: System
) -> None:
    run_id = past_run(console_system)
    paths = ("/", "/tasks", "/tasks/greet", "/runs", f"/runs/{run_id}", "/audit", "/nothing")
    for path in paths:
        text = viewer.get(path).text
        assert len(re.findall(r"<h1\b", text)) == 1, path
        assert re.search(r"<title>[^<]+ · Rota</title>", text), path
        assert 'href="#main"' in text, path
        assert '<html lang="en"' in text, path
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), path
