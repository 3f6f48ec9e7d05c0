"""How an execution ended, and what that means for its run."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app import Retry
from app.failures import told
from app.outcomes import LARGEST_RESULT, Ending, Outcome, decide, rq_result, success
from app.run_jobs import FAILURE_TTL, RESULT_TTL

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NONE = Retry(0)


@dataclass(frozen=True)
class Summary:
    """What a task may return."""

    count: int
    days: list[date]


class Tone(Enum):
    """An enumeration."""

    CALM = "calm"


RESULTS: list[tuple[Any, Any]] = [
    (None, None),
    (5, 5),
    ("text", "text"),
    ([1, {"a": None}], [1, {"a": None}]),
    ((1, 2), [1, 2]),
    ({3}, [3]),
    (Summary(2, [date(2026, 1, 31)]), {"count": 2, "days": ["2026-01-31"]}),
    ([Summary(0, [])], [{"count": 0, "days": []}]),
    (NOW, "2026-06-01T12:00:00Z"),
    (Tone.CALM, "calm"),
    (Decimal("1.50"), "1.50"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (Path("/tmp"), "/tmp"),
    (b"\x00\xff", "AP8="),
    (float("nan"), "NaN"),
    ([float("inf"), float("-inf")], ["Infinity", "-Infinity"]),
    ("zero \x00", "zero \\x00"),
    ("half \ud800", "half \\ud800"),
]


@pytest.mark.parametrize(("value", "kept"), RESULTS, ids=[repr(pair[0]) for pair in RESULTS])
def test_a_result_is_kept_as_json(value: Any, kept: Any) -> None:
    outcome = success(value)
    assert (outcome.kind, outcome.result, outcome.reason) == ("succeeded", kept, None)
    json.dumps(outcome.result, allow_nan=False)


def circular() -> list[Any]:
    ring: list[Any] = []
    ring.append(ring)
    return ring


def deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    return value


@pytest.mark.parametrize("value", [object(), circular(), lambda: 5, deep(), {"a": object()}])
def test_what_is_no_json_is_left_out_visibly_and_the_run_has_succeeded(value: Any) -> None:
    outcome = success(value)
    assert (outcome.kind, outcome.result) == ("succeeded", None)
    assert outcome.reason
    assert outcome.reason.startswith("its result is not JSON and was left out")
    assert len(outcome.reason) <= 500


def test_the_largest_result_is_kept_and_a_larger_one_left_out() -> None:
    assert success("x" * (LARGEST_RESULT - 2)).result is not None
    outcome = success("x" * (LARGEST_RESULT - 1))
    assert outcome.result is None
    assert outcome.reason == "its result of 262,145 bytes was left out (limit 262,144)"


# --- what it means -------------------------------------------------------------------------------


def ending(kind: str, attempt: int = 1, retry: Retry = NONE, **fields: Any) -> Ending:
    return decide(Outcome(kind, **fields), attempt, retry, NOW)


def test_what_succeeded_has_ended() -> None:
    found = ending("succeeded", result=5)
    assert (found.status, found.rq_status) == ("succeeded", "finished")
    assert (found.keep_seconds, found.delay) == (RESULT_TTL, None)
    assert found.data["result"] == 5
    assert found.data["ended_at"] == NOW.timestamp() * 1000


def test_a_failure_is_tried_again_while_retries_are_left() -> None:
    retry = Retry(2, backoff="60s")
    for attempt in (1, 2):
        found = ending("failed", attempt, retry, error=told("E", "m"))
        assert (found.status, found.rq_status) == ("scheduled", "scheduled")
        assert found.delay
        assert 45 <= found.delay <= 60
        assert found.attempts_back == 0
        assert found.data["error"]["type"] == "E"
        assert found.data["reason"] == f"attempt {attempt} failed; retry {attempt} of 2 follows"
    found = ending("failed", 3, retry, error=told("E", "m"))
    assert (found.status, found.rq_status, found.delay) == ("failed", "failed", None)


def test_without_retries_a_failure_has_ended() -> None:
    found = ending("failed", error=told("E", "m"))
    assert (found.status, found.rq_status, found.keep_seconds) == ("failed", "failed", FAILURE_TTL)


def test_only_failures_are_tried_again() -> None:
    retry = Retry(5)
    for kind in ("skipped", "stopped", "expired", "quarantined"):
        assert ending(kind, 1, retry, reason="so").status == kind


def test_an_interrupted_attempt_does_not_count() -> None:
    found = ending("interrupted", reason="its worker had to stop")
    assert (found.status, found.rq_status, found.attempts_back) == ("queued", "queued", 1)


def test_an_unknown_task_is_parked_and_the_attempt_does_not_count() -> None:
    found = ending("unknown", reason="not here")
    assert (found.status, found.delay, found.attempts_back) == ("scheduled", 20.0, 1)


# --- what RQ is told -----------------------------------------------------------------------------


def rq_fields(found: Ending) -> dict[str, Any]:
    flat = rq_result(found, "w", "e", 1.0, 2.0)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def test_rq_gets_the_result() -> None:
    fields = rq_fields(ending("succeeded", result={"a": 1}))
    assert fields["type"] == 1
    assert json.loads(base64.b64decode(fields["return_value"])) == {"a": 1}
    assert (fields["worker_name"], fields["execution_id"]) == ("w", "e")


def test_rq_gets_the_traceback_or_else_the_reason() -> None:
    fields = rq_fields(ending("failed", error=told("E", "m", "Traceback: E: m")))
    assert fields["type"] == 2
    assert zlib.decompress(base64.b64decode(fields["exc_string"])) == b"Traceback: E: m"
    fields = rq_fields(ending("expired", reason="too late"))
    assert zlib.decompress(base64.b64decode(fields["exc_string"])) == b"expired: too late"


def test_rq_gets_nothing_of_a_run_that_goes_on() -> None:
    assert rq_fields(ending("failed", retry=Retry(1), error=told("E", "m"))) == {}
    assert rq_fields(ending("interrupted")) == {}
