"""Headers that hold on every answer, whatever its status."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.errors import Unavailable
from tests.console.people import OTTO, Browser, Program, signed_in

STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def answers(console: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[int, list[TestResponse]]:
    """Answers of every status, from pages and from the API."""
    operator, stranger = signed_in(console, OTTO), Browser(console)
    program = Program(console, "token-of-deploys")
    limited = Browser(console, "10.0.0.9")
    for _ in range(6):
        too_many = limited.sign_in(OTTO, password="wrong")
    found = [
        operator.get("/"),
        operator.get("/tasks"),
        program.get("/api/v1/tasks/list"),
        stranger.get("/healthz"),
        stranger.get("/sign-in"),
        stranger.get("/static/console.css"),
        stranger.get("/"),
        program.post("/api/v1/tasks/greet/trigger"),
        program.post_raw("/api/v1/tasks/greet/trigger", b"{"),
        stranger.get("/api/v1/tasks/list"),
        stranger.sign_in(OTTO, password="wrong"),
        stranger.post("/sign-in", site="cross-site"),
        operator.get("/nothing"),
        program.get("/api/v1/tasks/nothing"),
        stranger.get("/static/nothing.css"),
        operator.get("/pause"),
        program.post("/api/v1/tasks/greet/resume"),
        program.post_raw("/api/v1/tasks/greet/trigger", b" " * 1_000_001),
        program.post_raw("/api/v1/tasks/greet/trigger", b"{}", "text/plain"),
        program.post("/api/v1/tasks/greet/trigger", {"nothing": 1}),
        operator.post("/tasks/greet/pause"),
        too_many,
    ]
    monkeypatch.setattr("app.reads.runs", _broken)
    monkeypatch.setattr("app.reads.audit", _away)
    found += [operator.get("/runs"), program.get("/api/v1/runs")]
    found += [operator.get("/audit"), program.get("/api/v1/audit")]
    by_status: dict[int, list[TestResponse]] = {}
    for answer in found:
        by_status.setdefault(answer.status_code, []).append(answer)
    return by_status


def _broken(*_arguments: object, **_more: object) -> None:
    raise ZeroDivisionError("a secret of the inside")


def _away(*_arguments: object, **_more: object) -> None:
    raise Unavailable("The database")


def test_every_status_was_tried(answers: dict[int, list[TestResponse]]) -> None:
    tried = set(answers)
    assert tried >= {200, 202, 303, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}


def test_the_content_policy_is_strict_everywhere(answers: dict[int, list[TestResponse]]) -> None:
    for answer in chain.from_iterable(answers.values()):
        policy = answer.headers["Content-Security-Policy"]
        assert set(policy.split("; ")) >= STRICT
        assert "unsafe" not in policy


def test_browsers_are_told_to_be_careful(answers: dict[int, list[TestResponse]]) -> None:
    for answer in chain.from_iterable(answers.values()):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in answer.headers


def test_nothing_but_static_files_is_cached(answers: dict[int, list[TestResponse]]) -> None:
    for answer in chain.from_iterable(answers.values()):
        static = answer.request.path.startswith("/static/") and answer.status_code == 200
        expected = "no-cache" if static else "no-store"
        assert answer.headers["Cache-Control"] == expected, answer.request.path


def test_errors_tell_nothing_of_the_inside(answers: dict[int, list[TestResponse]]) -> None:
    for answer in answers[500]:
        assert "secret of the inside" not in answer.text
        assert "ZeroDivisionError" not in answer.text
        assert "Traceback" not in answer.text


def test_files_may_be_kept_for_ever_under_an_address_with_their_hash(stranger: Browser) -> None:
    page = stranger.get("/sign-in").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) == 3
    for address in files:
        assert "?v=" in address
        answer = stranger.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_https_is_remembered(console: Flask) -> None:
    answer = Browser(console, scheme="https").get("/sign-in")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_behind_a_configured_proxy_https_is_recognised(
    open_console: Callable[..., Flask],
) -> None:
    forwarded = {"X-Forwarded-Proto": "https"}
    trusting = Browser(open_console(trusted_proxies=1)).get("/sign-in", **forwarded)
    assert "Strict-Transport-Security" in trusting.headers
    other = Browser(open_console()).get("/sign-in", **forwarded)
    assert "Strict-Transport-Security" not in other.headers
