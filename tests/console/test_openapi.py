"""The API describes itself, and what it describes is what it does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from openapi_spec_validator import validate

from app import actions
from app.system import System
from console.api.openapi import ABOUT, PREFIX, methods
from tests.console.past_runs import FAULT, past_log, past_run
from tests.console.people import ADA, READING, Program, signed_in
from tests.fixtures import OPERATOR


@pytest.fixture
def document(reading_program: Program) -> dict[str, Any]:
    found: dict[str, Any] = reading_program.get("/api/v1/openapi.json").get_json()
    return found


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_route_is_in_it_and_nothing_else(console: Flask, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)), method.lower())
        for rule in console.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and rule.endpoint not in ABOUT
        for method in methods(rule)
    }
    told = {(path, method) for path, found in document["paths"].items() for method in found}
    assert told == routes
    assert len(routes) >= 35


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    names = []
    for path, found in document["paths"].items():
        for method, stated in found.items():
            assert len(stated["summary"]) > 10, (method, path)
            names.append(stated["operationId"])
    assert len(names) == len(set(names))


def test_answers_are_what_the_document_promises(
    document: dict[str, Any], deciding_program: Program, console_system: System
) -> None:
    run_id = past_run(console_system, "greet")
    past_run(console_system, "fails", status="failed", error=FAULT)
    past_log(console_system, run_id, "hello")
    actions.pause(console_system, OPERATOR, "greet", "quota")
    actions.reschedule(console_system, OPERATOR, "morning", cron="0 8 * * *")
    bulk_id, _ = actions.bulk(console_system, OPERATOR, "again", "task:greet")
    names = {"task_id": "greet", "run_id": run_id, "name": "nothing", "bulk_id": bulk_id}
    checked = 0
    for path, found in document["paths"].items():
        if "get" not in found:
            continue
        answer = deciding_program.get(PREFIX + path.format(**names))
        if answer.status_code != 200:
            assert path in ("/panels/{name}", "/users/{name}")
            continue
        schema = found["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        errors = [
            f"{e.json_path}: {e.message}"
            for e in Draft202012Validator(whole).iter_errors(answer.get_json())
        ]
        assert errors == [], path
        checked += 1
    assert checked >= 12


def test_a_body_is_read_by_what_the_document_states(
    document: dict[str, Any], deciding_program: Program
) -> None:
    for path, found in document["paths"].items():
        for method, stated in found.items():
            if method == "get":
                continue
            body = stated.get("requestBody", {}).get("content", {}).get("application/json", {})
            keys = set(body.get("schema", {}).get("properties", {}))
            url = PREFIX + re.sub(r"\{\w+\}", "greet", path)
            answer = deciding_program.client.open(
                url, method=method, json={"surely unknown": 1}, headers=deciding_program.headers
            )
            if answer.status_code == 404:
                continue
            assert answer.status_code == 422, (method, path)
            told = answer.get_json()["errors"]["surely unknown"]
            assert all(key in told for key in keys), (method, path)


def test_people_read_the_same(console: Flask) -> None:
    browser = signed_in(console, ADA)
    text = browser.get("/api/v1/docs").text
    assert "/api/v1/tasks/{task_id}/backfill" in text
    assert "TaskView" in text
    assert text.count("<script") == 1


def test_strangers_get_neither(console: Flask) -> None:
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        assert Program(console, None).get(path).status_code == 401
        assert Program(console, READING).get(path).status_code == 200


def test_the_document_does_not_change_between_two_calls(reading_program: Program) -> None:
    first, second = (reading_program.get("/api/v1/openapi.json").data for _ in range(2))
    assert json.loads(first) == json.loads(second)
