"""Queues, workers, failures, health, the search for runs, and the palette."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from rq.utils import utcformat

from app import actions, keys
from app.system import System
from tests.console.past_runs import FAULT, past_run
from tests.console.people import OTTO, Browser, signed_in
from tests.console.test_pages import follow
from tests.fixtures import OPERATOR
from tests.servers import RedisServer


def test_a_queue_says_what_waits_and_that_nobody_listens(
    operator: Browser, console_system: System
) -> None:
    actions.trigger(console_system, OPERATOR, "greet")
    row = operator.get("/queues").text.split('id="queue-default"')[1].split("</tr>")[0]
    assert "Nothing consumes this queue" in row
    assert "<b>1</b>" in row
    text = follow(operator, "/queues/default/pause", reason="quota")
    assert "no worker takes from it" in text
    row = text.split('id="queue-default"')[1].split("</tr>")[0]
    assert "quota" in row
    assert "Nothing consumes" not in row
    assert "is resumed" in follow(operator, "/queues/default/resume")
    assert "1 run cancelled" in follow(operator, "/queues/default/empty")
    assert operator.post("/queues/nothing/pause", reason="x").status_code == 404
    assert operator.post("/queues/default/pause").status_code == 422


def test_what_was_set_aside_is_shown_as_what_it_is(viewer: Browser, console_system: System) -> None:
    note = {"reason": "its call is pickled", "place": "rq:queue:low", "at": "x"}
    console_system.redis.hset(keys.QUARANTINE, "rq:queue:low 3f1c", json.dumps(note))
    console_system.redis.hset(keys.QUARANTINE, b"\xff", b"\xff")
    text = viewer.get("/queues").text
    assert "2 entries that could not be handled" in text
    assert "its call is pickled" in text
    assert "nothing readable was noted" in text


def test_workers_are_shown_and_asked_to_stop(operator: Browser, console_system: System) -> None:
    assert "No worker is running" in operator.get("/workers").text
    run_id = past_run(console_system, "greet", status="running", ended_at=None)
    now = utcformat(datetime.now(UTC))
    fields: dict[Any, Any] = {
        "hostname": "web7", "pid": "12", "queues": "high,default", "state": "busy", "birth": now,
        "last_heartbeat": now, "current_job": run_id, "failed_job_count": "2",
    }  # fmt: skip
    console_system.redis.sadd(keys.WORKERS, keys.worker("w1"))
    console_system.redis.hset(keys.worker("w1"), mapping=fields)
    used = {"cpu_seconds": 1.5, "rss_bytes": 64_000_000, "max_rss_bytes": 1, "shared": False}
    console_system.redis.hset(keys.job(run_id), "rota_usage", json.dumps(used))
    text = operator.get("/workers").text
    assert "holds 64.0 MB, computed 1.5 s" in text
    assert "web7, process 12" in text
    assert f'<a href="/runs/{run_id}">greet</a>' in text
    assert "w1 was asked to stop" in follow(operator, "/workers/w1/stop")


def test_failures_are_grouped_by_cause_and_retried_together(
    operator: Browser, console_system: System
) -> None:
    ids = [
        past_run(console_system, "fails", minutes_ago=n, status="failed", error=FAULT)
        for n in (5, 65, 125)
    ]
    other = FAULT | {"fingerprint": "beef", "type": "KeyError", "message": "'x'\nmore"}
    past_run(console_system, "greet", status="failed", error=other)
    text = operator.get("/failures").text
    cause = text.split('id="cause-f00d-fails"')[1].split("</li>")[0]
    assert "SheetsError" in cause
    assert "3 times" in cause
    assert f'href="/runs/{ids[0]}"' in cause
    assert "Retry all 3" in cause
    assert "more" not in text.split('id="cause-beef-greet"')[1].split("</p>")[0]
    text = follow(operator, "/failures/retry", task_id="fails", fingerprint="f00d")
    assert "3 runs of fails queued again" in text
    assert "cause-beef" not in operator.get("/failures?task_id=fails").text


def test_when_nothing_failed_that_is_said(viewer: Browser) -> None:
    assert "Nothing failed" in viewer.get("/failures").text


def test_health_masks_secrets(viewer: Browser, console_system: System) -> None:
    text = viewer.get("/health").text
    assert "SQLite" in text
    assert "Valkey" in text or "Redis" in text
    assert console_system.settings.secret_key not in text
    assert "otto's password" not in text
    assert "None is running: nothing fires" in text
    assert "not configured" in text


def test_health_is_useful_when_redis_is_away(
    open_console: Callable[..., Flask], own_redis: RedisServer
) -> None:
    app = open_console(redis_url=own_redis.url)
    browser = signed_in(app, OTTO)
    own_redis.kill()
    text = browser.get("/health").text
    assert "Is the server running, the address right" in text
    assert own_redis.url.split("?")[0] in text
    assert "SQLite" in text
    for path in ("/queues", "/workers"):
        page = browser.get(path)
        assert page.status_code == 200
        assert "Redis is away" in page.text


def test_health_is_useful_when_the_database_is_away(
    operator: Browser, console_system: System
) -> None:
    operator.get("/health")
    console_system.database.dispose()
    path = Path(str(console_system.database.url.database))
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    answer = operator.get("/health")
    assert answer.status_code == 200
    assert "Schedules go on firing" in answer.text


def test_runs_are_searched(viewer: Browser, console_system: System) -> None:
    good = past_run(console_system, "greet")
    bad = past_run(console_system, "fails", status="failed", error=FAULT)
    text = viewer.get("/runs?q=error:sheets+since:2h").text
    assert f"/runs/{bad}" in text
    assert f"/runs/{good}" not in text
    wrong = viewer.get("/runs?q=colour:red")
    assert wrong.status_code == 422
    assert "known are task, status" in wrong.text
    assert 'value="colour:red"' in wrong.text


def test_what_a_search_finds_is_saved(viewer: Browser, console_system: System) -> None:
    past_run(console_system, "greet", worker="=HYPERLINK(x)")
    past_run(console_system, "fails", status="failed", error=FAULT)
    answer = viewer.get("/runs/export/csv?q=task:greet")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="runs.csv"'
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["task_id"], row["status"], row["worker"]) == (
        "greet", "succeeded", "'=HYPERLINK(x)",
    )  # fmt: skip
    both = viewer.get("/runs/export/json").get_json()["runs"]
    assert {run["task_id"] for run in both} == {"greet", "fails"}
    assert viewer.get("/runs/export/xml").status_code == 404


def test_chosen_runs_are_acted_on_together(operator: Browser, console_system: System) -> None:
    bad = past_run(console_system, "fails", status="failed", error=FAULT)
    good = past_run(console_system, "greet")
    answer = operator.client.post(
        "/runs/act",
        data={"run": [bad, good], "act": "retry", "back": "/runs?status=failed"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.location == "/runs?status=failed"
    text = operator.get(answer.location).text
    assert "1 run queued again. 1 run left as it was: The run has succeeded" in text
    assert "No run was chosen" in follow(operator, "/runs/act", act="retry")
    assert operator.post("/runs/act", act="burn").status_code == 422


def test_the_palette_is_a_page_that_finds_and_acts(operator: Browser, viewer: Browser) -> None:
    text = operator.get("/go?q=pause+greet").text
    assert 'action="/tasks/greet/pause"' in text
    assert "Run fails" not in text
    assert "Open Failures" in operator.get("/go").text
    assert 'method="post"' not in viewer.get("/go").text.split('id="palette"')[1]
    assert "Nothing is named like that" in operator.get("/go?q=zzz").text
