"""What holds on every screen there is, for everybody who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from rq.utils import utcformat

from app import actions, keys
from app.actions import Actor
from app.system import System
from tests.console.forms import forms_of
from tests.console.past_runs import FAULT, past_run
from tests.console.people import Browser
from tests.console_screens import DOOR, NO_SCREENS, SCREENS, paths
from tests.console_verbs import VERBS

CLI = Actor("root", "admin", "cli")
PASSWORD = "a long password"
# What anybody may do with their own browser and session.
OWN = ("/theme", "/zone", "/sign-out", "/sessions/")


def test_every_page_stands_in_the_list_of_screens(console: Flask) -> None:
    pages = {
        rule.endpoint
        for rule in console.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and (rule.rule == "/api/v1/docs" or not rule.rule.startswith("/api/"))
    }
    assert pages == {screen.endpoint for screen in (*SCREENS, DOOR)} | NO_SCREENS


def test_every_act_of_a_page_stands_in_the_list_of_verbs(console: Flask) -> None:
    acts = {
        rule.endpoint
        for rule in console.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }
    assert acts == {verb.endpoint for verb in VERBS}


@pytest.mark.parametrize(
    "limits",
    [
        {"role": "viewer"},
        {"role": "operator"},
        {"role": "operator", "tasks": "mor*"},
        {"role": "operator", "queues": "low"},
        {"role": "admin", "tasks": "gr*"},
    ],
    ids=lambda limits: " ".join(limits.values()),
)
def test_no_control_of_any_screen_is_refused(
    console: Flask, console_system: System, limits: dict[str, str]
) -> None:
    known = fill(console_system)
    role, limits = limits["role"], {k: v for k, v in limits.items() if k != "role"}
    actions.add_user(console_system, CLI, "dora", role, PASSWORD, **limits, now=datetime.now(UTC))
    browser = Browser(console)
    browser.post("/sign-in", name="dora", password=PASSWORD)
    offered: dict[tuple[str, str], list[dict[str, str]]] = {}
    for screen, path in paths(**known).items():
        answer = browser.get(path)
        for form in forms_of(answer.text, path.partition("?")[0]):
            if form.buttons and not form.action.startswith(OWN):
                offered[screen, form.action] = form.sent()
    assert bool(offered) == (role != "viewer")
    for (screen, action), sent in offered.items():
        for fields in sent:
            answer = browser.post(action, **fields)
            assert answer.status_code != 403, (screen, action, fields)


def test_who_is_limited_is_told_why_nothing_is_offered(
    console: Flask, console_system: System
) -> None:
    run_id = past_run(console_system, "greet", status="failed", error=FAULT)
    now = datetime.now(UTC)
    actions.add_user(console_system, CLI, "dora", "operator", PASSWORD, tasks="mor*", now=now)
    browser = Browser(console)
    browser.post("/sign-in", name="dora", password=PASSWORD)
    for path in ("/tasks/greet", "/tasks/greet/schedule", "/tasks/greet/backfill",
                 f"/runs/{run_id}"):  # fmt: skip
        assert "You may only look here: you act on tasks mor*." in browser.get(path).text, path
    for path in ("/tasks", "/runs", "/failures", "/queues", "/workers"):
        assert "You act on tasks mor* only." in browser.get(path).text, path
    assert "You may only look" not in browser.get("/tasks/morning").text


def test_one_run_out_of_reach_keeps_all_that_were_chosen_as_they_are(
    console: Flask, console_system: System
) -> None:
    mine = actions.trigger(console_system, CLI, "morning").run_id
    other = actions.trigger(console_system, CLI, "greet").run_id
    now = datetime.now(UTC)
    actions.add_user(console_system, CLI, "dora", "operator", PASSWORD, tasks="mor*", now=now)
    browser = Browser(console)
    browser.post("/sign-in", name="dora", password=PASSWORD)
    answer = browser.client.post(
        "/runs/act",
        data={"act": "cancel", "run": [mine, other]},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 403
    assert other in answer.text
    assert console_system.redis.hget(keys.job(mine), "status") == b"queued"


def fill(system: System) -> dict[str, str]:
    """Give every screen something to act on; return what the screens are about."""
    now = datetime.now(UTC)
    failed = past_run(system, "greet", status="failed", error=FAULT)
    aside = FAULT | {"fingerprint": "beef"}
    past_run(system, "greet", minutes_ago=9, status="failed", error=aside)
    actions.dismiss(system, CLI, "greet", "beef", "known")
    past_run(system, "fails", minutes_ago=7, status="failed", error=FAULT)
    past_run(system, "morning", minutes_ago=8, status="missed", started_at=None)
    running = past_run(system, "waits", status="running", ended_at=None)
    actions.trigger(system, CLI, "greet")
    actions.trigger(system, CLI, "morning")
    actions.pause(system, CLI, "morning", "x")
    actions.pause_queue(system, CLI, "default", "x")
    actions.reschedule(system, CLI, "greet", every="45m")
    actions.create_schedule(system, CLI, "greet", "night", cron="0 3 * * *", timezone="UTC")
    actions.backfill(system, CLI, "greet", now - timedelta(hours=3), now)
    bulk, _ = actions.bulk(system, CLI, "retry", "task:fails", now=now)
    actions.add_token(system, CLI, "ci", "viewer", now=now)
    beat = utcformat(now)
    worker: dict[Any, Any] = {"hostname": "h", "pid": "1", "queues": "low", "state": "idle",
                              "birth": beat, "last_heartbeat": beat}  # fmt: skip
    system.redis.sadd(keys.WORKERS, keys.worker("w1"))
    system.redis.hset(keys.worker("w1"), mapping=worker)
    return {"task": "greet", "failed": failed, "running": running, "bulk": bulk}
