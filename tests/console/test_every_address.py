"""What holds at every address there is, found by walking the application's own map."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule

from app.records.database import reading
from app.records.schema import audit, runs
from app.system import System
from tests.console.people import ADA, DECIDING, Browser, Program, signed_in
from tests.console.test_access import OPEN, OWN, UNSAFE, methods, rules

# Acts on what was chosen leave one row for each that was chosen, and here nothing is.
NAMED_LIKE_RUNS = {"/runs/act", "/api/v1/runs/bulk"}
CAUSE = "/api/v1/failures/<task_id>/<fingerprint>"
ON_CHOSEN = {"/runs/act", "/failures/retry", f"{CAUSE}/retry"}
IDS = ["a:b", "../x", "..%2f..%2fetc%2fpasswd", "a b", "<img src=x>", "a\nb", "é", "x" * 5_000,
       "\x00", "%00", "%ff%fe", "'; DROP TABLE runs; --", "*", "os.system", "\u202egnp",
       "app.tasks.x.__globals__", "builtins.eval", "subprocess.run", "{{7*7}}"]  # fmt: skip


def unsafe(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    for rule, path in rules(app):
        for method in set(methods(rule)) & UNSAFE:
            yield rule, path, method


def ask(browser: Browser, program: Program, path: str, method: str) -> int:
    if path.startswith("/api/"):
        return program.client.open(path, method=method, headers=program.headers).status_code
    headers = {"Sec-Fetch-Site": "same-origin"}
    return browser.client.open(path, method=method, headers=headers).status_code


def test_what_changes_something_is_refused_by_get_and_head(console: Flask) -> None:
    browser = signed_in(console, ADA)
    asked = 0
    for rule, path, _ in unsafe(console):
        readable = any(
            "GET" in (other.methods or ()) and other.rule == rule.rule
            for other in console.url_map.iter_rules()
        )
        if readable:
            continue
        asked += 1
        for method in ("GET", "HEAD", "TRACE"):
            status = browser.client.open(path, method=method).status_code
            # These are also where a run of that name would be, which there is not.
            wanted = {403, 405} if method == "TRACE" else {405}
            assert status in wanted or rule.rule in NAMED_LIKE_RUNS, (method, rule)
    assert asked > 25


def test_no_act_comes_from_another_site(console: Flask) -> None:
    browser = signed_in(console, ADA)
    for rule, path, method in unsafe(console):
        for headers in (
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
        ):
            answer = browser.client.open(path, method=method, headers=headers)
            assert answer.status_code == 403, (method, rule, headers)
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_every_act_leaves_exactly_one_row(console: Flask, console_system: System) -> None:
    browser, program = signed_in(console, ADA), Program(console, DECIDING)
    counted = 0
    for rule, path, method in unsafe(console):
        if rule.rule in OPEN | OWN | ON_CHOSEN or rule.rule.startswith("/sessions"):
            continue
        before = number_of_rows(console_system)
        status = ask(browser, program, path, method)
        assert number_of_rows(console_system) == before + 1, (method, rule, status)
        counted += 1
    assert counted > 40


def number_of_rows(system: System) -> int:
    with reading(system.database) as connection:
        return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def test_odd_names_are_unknown_and_run_nothing(console: Flask, console_system: System) -> None:
    browser, program = signed_in(console, ADA), Program(console, DECIDING)
    loaded = set(sys.modules)
    for rule, path in rules(console):
        if not rule.arguments or rule.rule.startswith(("/static", "/badge")):
            continue
        for method in methods(rule):
            for odd in IDS[:: 1 if method == "GET" else 4]:
                odd_path = path.replace("greet", quote(odd, safe="%"))
                status = ask(browser, program, odd_path, method)
                assert status in (202, 303, 308, 400, 404, 405, 409, 413, 422), (
                    method,
                    rule,
                    odd,
                    status,
                )
    assert {name for name in set(sys.modules) - loaded if not name.startswith("encodings")} == set()
    with reading(console_system.database) as connection:
        assert connection.execute(select(runs)).all() == []


@pytest.mark.parametrize(
    "path",
    ["/static/../console/security.py", "/static/%2e%2e/security.py", "/static/..%2fsecurity.py",
     "/static//etc/passwd", "/audit/export/../csv", "/runs/export/..%2f..%2fetc%2fpasswd"],
)  # fmt: skip
def test_files_are_reached_only_where_they_are_offered(console: Flask, path: str) -> None:
    answer = signed_in(console, ADA).get(path)
    assert answer.status_code in (308, 404)
    assert "root:" not in answer.text


def test_there_is_no_debugger(console: Flask) -> None:
    browser = signed_in(console, ADA)
    for path in (
        "/console",
        "/?__debugger__=yes&cmd=resource&f=style.css",
        "/debug",
        "/.git/config",
    ):
        answer = browser.get(path)
        assert "Werkzeug" not in answer.text
        assert answer.status_code == (200 if path.startswith("/?") else 404)


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1e9", "9" * 50, "x"])
def test_pages_have_a_largest_size(reading_program: Program, limit: str) -> None:
    for path in ("/api/v1/runs", "/api/v1/audit", "/api/v1/tasks/greet/runs"):
        assert reading_program.get(f"{path}?limit={limit}").status_code == 422
        assert reading_program.get(f"{path}?sort=x").status_code == 422
