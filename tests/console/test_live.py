"""Pages that ask every second mostly hear that nothing is new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from time_machine import Traveller

from app.errors import Unavailable
from app.system import System
from tests.console.past_runs import past_run
from tests.console.people import OTTO, VERA, Browser, Program, signed_in

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PAGES = ("/", "/tasks", "/tasks/greet", "/runs", "/audit")


@pytest.fixture(autouse=True)
def clock() -> Iterator[Traveller]:
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


def tag_of(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    tag = answer.headers["ETag"]
    assert f'data-tag="{tag.strip(chr(34))}"' in answer.text
    return tag


@pytest.mark.parametrize("path", PAGES)
def test_an_unchanged_page_is_not_sent_again(viewer: Browser, path: str) -> None:
    tag = tag_of(viewer, path)
    again = viewer.get(path, **{"If-None-Match": tag})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == tag
    assert again.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", PAGES)
def test_a_change_is_sent(viewer: Browser, acting_program: Program, path: str) -> None:
    tag = tag_of(viewer, path)
    acting_program.post("/api/v1/tasks/greet/trigger")
    assert viewer.get(path, **{"If-None-Match": tag}).status_code == 200


def test_what_ages_without_an_event_is_drawn_again(viewer: Browser, clock: Traveller) -> None:
    tag = tag_of(viewer, "/")
    clock.shift(timedelta(seconds=11))
    assert viewer.get("/", **{"If-None-Match": tag}).status_code == 200


def test_two_people_and_two_addresses_have_two_tags(console: Flask) -> None:
    tags = {
        tag_of(signed_in(console, person), path)
        for person in (VERA, OTTO)
        for path in ("/runs", "/runs?status=failed", "/tasks")
    }
    assert len(tags) == 6


def test_a_notice_is_shown_whatever_the_tag(operator: Browser) -> None:
    operator.post("/tasks/greet/pause", reason="quota")
    operator.get("/tasks/greet")
    tag = tag_of(operator, "/tasks/greet")
    operator.post("/tasks/greet/resume")
    answer = operator.get("/tasks/greet", **{"If-None-Match": tag})
    assert answer.status_code == 200
    assert "greet is resumed" in answer.text
    assert "ETag" not in answer.headers


def test_while_redis_is_away_pages_are_made_afresh(
    viewer: Browser, console_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = past_run(console_system)

    def away(*_arguments: object) -> str:
        raise Unavailable("Redis")

    monkeypatch.setattr("app.reads.version", away)
    answer = viewer.get(f"/runs/{run_id}", **{"If-None-Match": '"x"'})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers


def test_what_a_stranger_fetches_is_not_the_page(stranger: Browser) -> None:
    assert stranger.get("/", **{"X-Rota-Live": "1"}).status_code == 303
