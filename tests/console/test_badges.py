"""Public badges: off by default, one word where they are on, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask

from app import actions
from app.errors import SettingsError
from app.settings import read
from app.system import System
from console.badge import draw
from tests.console.past_runs import FAULT, past_run
from tests.console.people import Browser
from tests.fixtures import OPERATOR

OpenConsole = Callable[..., Flask]


class Words(HTMLParser):
    """Collects the text between the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def words_of(image: str) -> list[str]:
    parser = Words()
    parser.feed(image)
    return parser.found


def test_no_badge_is_public_by_default(stranger: Browser) -> None:
    for name in ("greet", "rota", "nothing"):
        assert stranger.get(f"/badge/{name}.svg").status_code == 404


def test_a_badge_shows_a_name_and_one_word_to_anybody(open_console: OpenConsole) -> None:
    app = open_console(public_badges=("fails",))
    system: System = app.extensions["rota-system"]
    past_run(system, "fails", status="failed", error=FAULT, worker="host.secret")
    answer = Browser(app).get("/badge/fails.svg")
    assert answer.mimetype == "image/svg+xml"
    assert words_of(answer.text) == ["Fails: failed", "Fails", "failed"]
    for leak in ("429", "f00d", "host.secret", "vera", "SheetsError"):
        assert leak not in answer.text
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=30"
    assert "Set-Cookie" not in answer.headers


def test_what_is_not_public_looks_like_what_does_not_exist(open_console: OpenConsole) -> None:
    browser = Browser(open_console(public_badges=("fails",)))
    hidden, unknown = browser.get("/badge/greet.svg"), browser.get("/badge/nobody.svg")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    pages = [answer.text.split("<main")[1] for answer in (hidden, unknown)]
    assert pages[0].replace("greet", "") == pages[1].replace("nobody", "")


def test_the_whole_and_a_paused_task_have_badges_too(open_console: OpenConsole) -> None:
    app = open_console(public_badges=("*",))
    system: System = app.extensions["rota-system"]
    actions.pause(system, OPERATOR, "greet", "a reason that is nobody's business")
    browser = Browser(app)
    text = browser.get("/badge/greet.svg").text
    assert "Greet: paused" in text
    assert "business" not in text
    assert "Rota: down" in browser.get("/badge/rota.svg").text
    assert "Every day" not in browser.get("/badge/morning.svg").text
    assert "Morning: no runs yet" in browser.get("/badge/morning.svg").text


def test_a_badge_is_not_asked_for_again_within_seconds(open_console: OpenConsole) -> None:
    app = open_console(public_badges=("greet",))
    system: System = app.extensions["rota-system"]
    past_run(system, "greet")
    first = Browser(app).get("/badge/greet.svg").data
    past_run(system, "greet", minutes_ago=1, status="failed", error=FAULT)
    assert Browser(app).get("/badge/greet.svg").data == first


def test_a_name_cannot_break_out_of_the_image() -> None:
    image = draw('<script>"&', "o\u202ek")
    assert "<script>" not in image
    assert words_of(image)[1:] == ['<script>"&', "o\\u202ek"]


def test_the_setting_takes_ids_alone() -> None:
    assert read({"PUBLIC_BADGES": "greet, rota"}).public_badges == ("greet", "rota")
    with pytest.raises(SettingsError, match="PUBLIC_BADGES"):
        read({"PUBLIC_BADGES": "../x"})
