"""Requests that change something come from the console's own pages, or carry a token."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.console.people import OTTO, Browser, Program

ACTS = ("/tasks/greet/trigger", "/tasks/greet/pause", "/pause", "/theme", "/sign-out")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "", None])
@pytest.mark.parametrize("path", ACTS)
def test_a_form_from_elsewhere_is_refused(operator: Browser, path: str, site: str | None) -> None:
    assert operator.post(path, site=site).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 303),
        ("http://localhost:81", 403),
        ("https://localhost", 403),
        ("http://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
def test_without_fetch_metadata_the_origin_decides(
    operator: Browser, origin: str, status: int
) -> None:
    answer = operator.client.post("/tasks/greet/trigger", headers={"Origin": origin})
    assert answer.status_code == status


def test_fetch_metadata_outweighs_the_origin(operator: Browser) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}
    assert operator.client.post("/tasks/greet/trigger", headers=headers).status_code == 403


def test_nobody_can_be_signed_in_from_elsewhere(stranger: Browser) -> None:
    answer = stranger.post("/sign-in", site="cross-site", name=OTTO.name, password=OTTO.secret)
    assert answer.status_code == 403
    assert stranger.cookie() is None


def test_the_api_with_a_session_demands_the_same_origin(operator: Browser) -> None:
    path = "/api/v1/tasks/greet/trigger"
    assert operator.client.post(path).status_code == 403
    assert operator.client.post(path, json={}).status_code == 403
    answer = operator.client.post(path, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 202


def test_a_token_needs_no_origin(acting_program: Program) -> None:
    assert acting_program.post("/api/v1/tasks/greet/trigger").status_code == 202


def test_other_origins_get_no_permission_to_read(console: Flask, operator: Browser) -> None:
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [
        operator.client.options("/api/v1/tasks/greet/trigger", headers=preflight),
        operator.get("/api/v1/tasks/list", Origin="http://evil.example"),
        Browser(console).get("/healthz", Origin="http://evil.example"),
    ]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
