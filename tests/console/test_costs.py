"""No page and no JSON endpoint costs more than three queries and three Redis round trips."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app import actions
from app.contributions import Panel, PanelContent, contributions
from app.reads.cursors import encode
from app.system import System
from tests.console.costs import watched
from tests.console.past_runs import FAULT, past_log, past_run
from tests.console.people import ADA, READING, Program, signed_in
from tests.fixtures import OPERATOR

MOST = 3
# What a warm process has behind it: the first use of a script or a connection costs a trip more.
WARMED_UP = 2


@pytest.fixture
def busy(console_system: System, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A system with something of everything; the values for addresses that name a thing."""
    run_id = ""
    for number in range(1, 30):
        run_id = past_run(console_system, "greet", minutes_ago=number * 7)
        past_run(console_system, "fails", minutes_ago=number * 9, status="failed", error=FAULT)
    past_log(console_system, run_id, *(f"line {number}" for number in range(50)))
    actions.trigger(console_system, OPERATOR, "greet")
    actions.pause(console_system, OPERATOR, "morning", "holiday")
    bulk_id, _ = actions.bulk(console_system, OPERATOR, "again", "task:greet")
    panel = Panel("made-up", "Made up", "", PanelContent)
    monkeypatch.setitem(contributions.panels, "made-up", panel)
    return {
        "task_id": "greet",
        "run_id": run_id,
        "schedule_id": "greet",
        "name": "made-up",
        "filename": "console.css",
        "backfill_id": "none",
        "bulk_id": bulk_id,
        "form": "csv",
    }


def readable(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and not rule.endpoint.startswith("sign_in."):
            yield rule


def test_every_address_is_cheap(
    console: Flask, console_system: System, busy: dict[str, str]
) -> None:
    browser, program = signed_in(console, ADA), Program(console, READING)
    checked = 0
    for rule in readable(console):
        values = {name: busy[name] for name in rule.arguments}
        path = console.url_map.bind("localhost").build(rule.endpoint, values)
        asks = program if path.startswith(("/api/", "/metrics")) else browser
        for _ in range(WARMED_UP):
            asks.get(path)
        with watched(console_system) as cost:
            answer = asks.get(path)
        assert answer.status_code < 500, path
        assert len(cost.queries) <= MOST, (path, cost.queries)
        assert len(cost.trips) <= MOST, (path, cost.trips)
        checked += answer.status_code == 200
    assert checked >= 38


def test_the_deepest_page_costs_what_the_first_does(
    console: Flask, console_system: System, busy: dict[str, str]
) -> None:
    program = Program(console, READING)
    path, costs = "/api/v1/runs?limit=5", set()
    for _ in range(10):
        with watched(console_system) as cost:
            page = program.get(path).get_json()
        costs.add((len(cost.queries), len(cost.trips)))
        path = f"/api/v1/runs?limit=5&cursor={page['next_cursor']}"
    assert costs == {(1, 0)}


def test_the_last_pages_cost_no_more_than_is_allowed(
    console: Flask, console_system: System, busy: dict[str, str]
) -> None:
    browser, program = signed_in(console, ADA), Program(console, READING)
    last_run = encode(datetime.now(UTC) - timedelta(hours=4), "~")
    last_act = encode(datetime.now(UTC), "2")
    last_task = sorted(console_system.catalogue.tasks)[-2]
    lists = {
        "/runs": {"cursor": last_run},
        "/runs?task_id=greet": {"cursor": last_run},
        "/runs?status=failed": {"cursor": last_run},
        "/tasks": {"after": last_task},
        "/": {"after": last_task},
        "/audit": {"cursor": last_act},
        "/queues": {"page": "99"},
        "/workers": {"page": "99"},
        "/api/v1/runs": {"cursor": last_run},
        "/api/v1/tasks/greet/runs": {"cursor": last_run},
        "/api/v1/tasks/list": {"cursor": last_task},
        "/api/v1/audit": {"cursor": last_act},
    }
    for path, page in lists.items():
        asks = program if path.startswith("/api/") else browser
        address = f"{path}{'&' if '?' in path else '?'}{urlencode(page)}"
        for _ in range(WARMED_UP):
            asks.get(address)
        with watched(console_system) as cost:
            answer = asks.get(address)
        assert answer.status_code == 200, address
        assert len(cost.queries) <= MOST, (address, cost.queries)
        assert len(cost.trips) <= MOST, (address, cost.trips)


def test_what_is_counted_is_what_is_sent(console_system: System) -> None:
    console_system.redis.ping()
    with watched(console_system) as cost:
        pipeline = console_system.redis.pipeline(transaction=False)
        pipeline.get("a")
        pipeline.get("b")
        pipeline.execute()
        console_system.redis.get("c")
    assert len(cost.trips) == 2
