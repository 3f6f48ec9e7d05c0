"""Any number of viewers cost Redis and the processor what one costs."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from unittest.mock import patch

import pytest
from flask import Flask, Response

from app import actions
from app.actions import Actor
from app.errors import Unavailable
from app.settings_access import Credential
from app.system import System
from console import sharing
from console.pages import runs as runs_page
from tests.console.costs import watched
from tests.console.past_runs import past_run
from tests.console.people import ADA, OTTO, VERA, Browser, Program, signed_in

CLI = Actor("root", "admin", "cli", None)
LIVE = {"X-Rota-Live": "1"}


@pytest.fixture(autouse=True)
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a look stay fresh for as long as a test may take on a busy machine."""
    monkeypatch.setattr(sharing, "FRESH_SECONDS", 60.0)


def look_again(app: Flask) -> None:
    """Let the time pass in which a look stays fresh."""
    app.extensions["rota-sharing"].look._until = monotonic()


def ask(browser: Browser, path: str, tag: str = "") -> int:
    return browser.get(path, **LIVE, **{"If-None-Match": tag} if tag else {}).status_code


@pytest.mark.parametrize("viewers", [1, 40])
def test_viewers_of_an_unchanged_page_cost_one_command(
    console: Flask, console_system: System, viewers: int
) -> None:
    browser = signed_in(console, VERA)
    tag = browser.get("/runs", **LIVE).headers["ETag"]
    look_again(console)
    with watched(console_system) as cost:
        told = [ask(browser, "/runs", tag) for _ in range(viewers)]
    assert told == [304] * viewers
    assert len(cost.trips) == 1


def test_a_change_is_drawn_once_for_all(
    console: Flask, acting_program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    browsers = [signed_in(console, VERA) for _ in range(6)]
    tag = browsers[0].get("/runs", **LIVE).headers["ETag"]
    drawn: Counter[str] = Counter()
    original = runs_page._show

    def counted(*args: object) -> str:
        drawn["runs"] += 1
        return original(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(runs_page, "_show", counted)
    acting_program.post("/api/v1/tasks/greet/trigger")
    look_again(console)
    with ThreadPoolExecutor(6) as threads:
        told = list(threads.map(lambda browser: ask(browser, "/runs", tag), browsers))
    assert told == [200] * 6
    assert drawn["runs"] == 1


def test_what_is_shared_names_nobody(console: Flask) -> None:
    vera = signed_in(console, VERA)
    assert ">vera<" in vera.get("/runs").text
    shared = vera.get("/runs", **LIVE).text
    assert "vera" not in shared
    assert 'id="main"' in shared
    assert 'id="banner"' in shared


def test_rights_are_not_shared(console: Flask, console_system: System) -> None:
    run_id = past_run(console_system, "fails", status="failed")
    texts = {person.name: signed_in(console, person).get(f"/runs/{run_id}", **LIVE).text
             for person in (OTTO, VERA)}  # fmt: skip
    assert "/retry" in texts["otto"]
    assert "/retry" not in texts["vera"]


def test_who_is_limited_shares_with_nobody(
    console: Flask, console_system: System, operator: Browser
) -> None:
    actions.add_user(
        console_system, CLI, "lea", "operator", "a long password", "greet", now=datetime.now(UTC)
    )
    lea = signed_in(console, Credential("lea", "operator", "a long password"))
    tags = {browser.get("/runs", **LIVE).headers["ETag"] for browser in (lea, operator)}
    assert len(tags) == 2


def test_a_person_who_opens_a_page_sees_it_as_it_is_now(
    console: Flask, acting_program: Program
) -> None:
    browser = signed_in(console, VERA)
    before = browser.get("/runs", **LIVE).headers["ETag"]
    run_id = acting_program.post("/api/v1/tasks/greet/trigger").get_json()["run_id"]
    answer = browser.get("/runs")
    assert run_id in answer.text
    assert answer.headers["ETag"] != before


def test_a_page_that_cannot_be_made_is_tried_again(
    console: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(console, ADA)
    with patch("console.pages.runs.reads.runs", side_effect=Unavailable("The database")):
        assert ask(browser, "/runs") == 503
    assert ask(browser, "/runs") == 200


def test_while_redis_is_away_it_is_not_asked_by_everybody(
    console: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def away(system: object) -> str:
        asked.append(system)
        raise Unavailable("Redis")

    monkeypatch.setattr("app.reads.version", away)
    browser = signed_in(console, VERA)
    for _ in range(5):
        answer = browser.get("/health", **LIVE)
        assert "ETag" not in answer.headers
    assert len(asked) == 1


def test_only_so_many_pages_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from_nobody = sharing.SharedPages()
    monkeypatch.setattr(sharing, "MOST_PAGES", 3)
    drawn: list[str] = []

    def draw(key: str) -> Response:
        drawn.append(key)
        return Response(key)

    for key in ("a", "b", "c", "a", "d", "a", "b"):
        assert from_nobody.page(key, partial(draw, key)).get_data(as_text=True) == key
    assert drawn == ["a", "b", "c", "d", "b"]
