"""What a body may be, and what every error looks like."""

from __future__ import annotations

import json

import pytest
from werkzeug.test import TestResponse

from tests.console.people import Program

TRIGGER = "/api/v1/tasks/greet/trigger"


def problem(answer: TestResponse, status: int) -> dict[str, object]:
    """Check that the answer is a problem document of this status, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    body: dict[str, object] = json.loads(answer.text)
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"nothing",
        b'{"arguments": NaN}',
        b'{"arguments": {"times": Infinity}}',
        b'{"arguments": {"times": 1e999}}',
        b'{"arguments": {"times": ' + b"9" * 100_000 + b"}}",
        b'{"arguments": {"times": 9223372036854775808}}',
        b'{"at": 1, "at": 2}',
        b'{"arguments": {"name": "a", "name": "b"}}',
        b'{"arguments": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"arguments": {"name": ' + b"[" * 40 + b"]" * 40 + b"}}",
        b'{"arguments": {"name": "\\ud800"}}',
        b'{"arguments": {"name": "\\u0000"}}',
        b'{"\\u0000": 1}',
        b"\xff\xfe",
        b'{"arguments": {"name": "\xff"}}',
        b"{} {}",
    ],
    ids=range(17),
)
def test_what_is_not_faithful_json_is_400(acting_program: Program, data: bytes) -> None:
    problem(acting_program.post_raw(TRIGGER, data), 400)


@pytest.mark.parametrize("data", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_a_body_that_is_no_object_is_422(acting_program: Program, data: bytes) -> None:
    problem(acting_program.post_raw(TRIGGER, data), 422)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (TRIGGER, {"owner": "me"}, "owner"),
        (TRIGGER, {"arguments": []}, "arguments"),
        (TRIGGER, {"arguments": "x"}, "arguments"),
        (TRIGGER, {"at": "tomorrow"}, "at"),
        (TRIGGER, {"at": "2027-01-01T09:00:00"}, "at"),
        (TRIGGER, {"at": 1}, "at"),
        (TRIGGER, {"at": "2027-13-01T09:00:00Z"}, "at"),
        (TRIGGER, {"at": "0001-01-01T00:00:00+14:00"}, "at"),
        (TRIGGER, {"at": "2001-01-01T09:00:00Z"}, "at"),
        ("/api/v1/tasks/greet/pause", {"reason": 1}, "reason"),
        ("/api/v1/tasks/greet/pause", {"reason": "x" * 501}, "reason"),
        ("/api/v1/tasks/greet/pause", {"until": "soon"}, "until"),
        ("/api/v1/tasks/greet/pause", {"state": "paused"}, "state"),
        ("/api/v1/tasks/greet/resume", {"reason": "x"}, "reason"),
        ("/api/v1/pause", {"scope": "x"}, "scope"),
        ("/api/v1/resume", {"force": True}, "force"),
        (f"{TRIGGER}?at=now", {}, "at"),
    ],
)
def test_what_does_not_belong_is_422_and_named(
    acting_program: Program, path: str, body: object, field: str
) -> None:
    errors = problem(acting_program.post(path, body), 422)["errors"]
    assert isinstance(errors, dict)
    assert set(errors) == {field}
    assert errors[field]


def test_an_unknown_key_is_told_what_is_allowed(acting_program: Program) -> None:
    body = problem(acting_program.post(TRIGGER, {"args": {}}), 422)
    assert "arguments, at" in str(body["errors"])


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
def test_another_content_type_is_415(acting_program: Program, kind: str) -> None:
    problem(acting_program.post_raw(TRIGGER, b"{}", kind), 415)


def test_json_may_name_its_charset(acting_program: Program) -> None:
    kind = "application/json; charset=utf-8"
    assert acting_program.post_raw(TRIGGER, b"{}", kind).status_code == 202


def test_more_than_a_megabyte_is_413(acting_program: Program) -> None:
    data = b'{"arguments": {"name": "' + b"x" * 1_000_000 + b'"}}'
    problem(acting_program.post_raw(TRIGGER, data), 413)


def test_just_under_a_megabyte_is_read(acting_program: Program) -> None:
    data = b'{"owner": "' + b"x" * 999_900 + b'"}'
    problem(acting_program.post_raw(TRIGGER, data), 422)


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ümlaut"])
def test_a_strange_idempotency_key_is_422(acting_program: Program, key: str) -> None:
    body = problem(acting_program.post(TRIGGER, {}, Idempotency_Key=key), 422)
    assert body["errors"]


def test_an_unknown_address_is_404(acting_program: Program) -> None:
    problem(acting_program.get("/api/v1/nothing"), 404)
    problem(acting_program.get("/api/"), 404)


def test_the_wrong_method_is_405_and_told_the_right_one(acting_program: Program) -> None:
    answer = acting_program.get(TRIGGER)
    problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


def test_the_unexpected_is_500_with_a_reference_into_the_log(
    acting_program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("app.reads.runs", broken)
    body = problem(acting_program.get("/api/v1/runs"), 500)
    assert "inside" not in str(body)
    reference = str(body["detail"]).split("“")[1].split("”")[0]
    assert reference in caplog.text
    assert "ZeroDivisionError" in caplog.text
