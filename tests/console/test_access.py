"""Everything is closed unless it is named as open, and every role may only what it may."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.settings_access import Credential
from tests.console.people import (
    ACTING,
    ADA,
    DECIDING,
    OTTO,
    READING,
    VERA,
    Browser,
    Program,
    signed_in,
)

OPEN = {"/healthz", "/readyz", "/sign-in", "/static/<path:filename>", "/badge/<name>.svg"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        yield rule, re.sub(r"<[^>]+>", "greet", rule.rule)


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_only_five_addresses_are_open(console: Flask) -> None:
    assert {rule.rule for rule, _ in rules(console)} >= OPEN
    for rule, path in rules(console):
        for method in methods(rule):
            answer = Browser(console).client.open(
                path, method=method, headers={"Sec-Fetch-Site": "same-origin"}
            )
            if rule.rule in OPEN:
                assert answer.status_code != 303 or rule.rule == "/sign-in", rule
            elif path.startswith(("/api/", "/metrics")):
                assert answer.status_code == 401, (method, rule)
                assert answer.content_type == "application/problem+json", rule
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            else:
                assert answer.status_code == 303, (method, rule)
                assert answer.location.startswith("/sign-in"), rule


def test_an_address_that_does_not_exist_is_closed_too(stranger: Browser) -> None:
    assert stranger.get("/nothing").status_code == 303
    assert stranger.get("/api/v1/nothing").status_code == 401
    assert stranger.get("/console").status_code == 303


# What changes only one's own browser, session and password.
OWN = {"/theme", "/zone", "/sign-out", "/sessions/password", "/sessions/<session_id>/end",
       "/api/v1/sessions/<session_id>"}  # fmt: skip
FOR_ADMINS = ("/users", "/tokens", "/api/v1/users", "/api/v1/tokens")


def kind(rule: Rule, method: str) -> str:
    """Return what an address asks for: open, own, decide, look or act."""
    if rule.rule in OPEN:
        return "open"
    if rule.rule in OWN:
        return "own"
    if rule.rule.startswith(FOR_ADMINS):
        return "decide"
    return "act" if method in UNSAFE else "look"


MATRIX = {
    "viewer": {"open", "own", "look"},
    "operator": {"open", "own", "look", "act"},
    "admin": {"open", "own", "look", "act", "decide"},
}


@pytest.mark.parametrize(
    ("person", "program"),
    [(VERA, READING), (OTTO, ACTING), (ADA, DECIDING)],
    ids=lambda one: one.role,
)
def test_each_role_may_do_what_the_matrix_says_at_every_address(
    console: Flask, person: Credential, program: Credential
) -> None:
    browser, caller = signed_in(console, person), Program(console, program)
    seen: dict[str, int] = {}
    for rule, path in rules(console):
        for method in methods(rule):
            wanted = kind(rule, method)
            if wanted == "open" or rule.rule == "/sign-out":
                continue
            seen[wanted] = seen.get(wanted, 0) + 1
            if path.startswith(("/api/", "/metrics")):
                answer = caller.client.open(path, method=method, headers=caller.headers)
            else:
                answer = browser.client.open(
                    path, method=method, headers={"Sec-Fetch-Site": "same-origin"}
                )
            refused = answer.status_code == 403
            assert refused == (wanted not in MATRIX[person.role]), (method, rule, answer.status)
            assert answer.status_code not in (401, 500), (method, rule)
            if refused:
                assert person.role in answer.text
                assert "secret" not in answer.text
    assert seen.keys() == {"own", "look", "act", "decide"}
    assert sum(seen.values()) > 70


@pytest.mark.parametrize("person", [VERA, OTTO, ADA], ids=lambda person: person.role)
def test_every_role_may_read_every_page(console: Flask, person: Credential) -> None:
    browser = signed_in(console, person)
    for path in ("/", "/tasks", "/tasks/greet", "/runs", "/audit", "/panels"):
        answer = browser.get(path)
        assert answer.status_code in (200, 302), path


@pytest.mark.parametrize("person", [OTTO, ADA], ids=lambda person: person.role)
def test_operators_and_admins_may_act(console: Flask, person: Credential) -> None:
    browser = signed_in(console, person)
    answer = browser.post("/tasks/greet/trigger")
    assert answer.status_code == 303
    assert answer.location.startswith("/runs/greet--m")


def test_pages_offer_a_viewer_no_acts(viewer: Browser) -> None:
    for path in ("/", "/tasks", "/tasks/greet"):
        text = viewer.get(path).text
        assert "Run now" not in text, path
        assert "Pause" not in text, path


def test_acts_by_get_are_refused(operator: Browser) -> None:
    for path in ("/tasks/greet/trigger", "/tasks/greet/pause", "/pause", "/resume", "/sign-out"):
        answer = operator.get(path)
        assert answer.status_code == 405, path
        assert "POST" in answer.headers["Allow"]


def test_trace_is_refused(operator: Browser) -> None:
    assert operator.client.open("/", method="TRACE").status_code in (403, 405)


def test_the_method_cannot_be_overridden(acting_program: Program) -> None:
    acting_program.headers["X-HTTP-Method-Override"] = "POST"
    assert acting_program.get("/api/v1/tasks/greet/trigger").status_code == 405


def test_a_token_opens_the_api_and_the_metrics_but_no_page(console: Flask) -> None:
    program = Program(console, READING)
    assert program.get("/api/v1/tasks/list").status_code == 200
    assert program.get("/metrics").status_code == 200
    assert program.get("/tasks").status_code == 303


def test_a_token_in_the_address_opens_nothing(console: Flask) -> None:
    stranger = Program(console, None)
    for name in ("token", "access_token", "api_key", "Authorization"):
        path = f"/api/v1/tasks/list?{name}={ACTING.secret}"
        assert stranger.get(path).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer ", "Bearer", f"Basic {ACTING.secret}", ACTING.secret, "\xff"]
)
def test_a_wrong_token_opens_nothing(console: Flask, header: str) -> None:
    client = console.test_client()
    answer = client.get("/api/v1/tasks/list", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_session_does_not_save_a_wrong_token(operator: Browser) -> None:
    answer = operator.get("/api/v1/tasks/list", Authorization="Bearer wrong")
    assert answer.status_code == 401
    assert operator.get("/api/v1/tasks/list").status_code == 200


def test_a_refused_act_leaves_one_row_in_the_audit(console: Flask) -> None:
    signed_in(console, VERA).post("/tasks/greet/trigger")
    Program(console, READING).post("/api/v1/pause", {"reason": "x"})
    program = Program(console, ACTING)
    acts = program.get("/api/v1/audit").get_json()["acts"]
    assert [(act["actor"], act["verb"], act["target"], act["outcome"]) for act in acts] == [
        ("grafana", "pause", "*", "refused"),
        ("vera", "trigger", "greet", "refused"),
    ]
