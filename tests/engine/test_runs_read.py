"""Reading runs: one, with what Redis knows laid over it, and lists in keyset pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import actions, keys, reads
from app.errors import Invalid, Unknown
from app.events import Event
from app.records.database import writing
from app.records.history import record
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, record_all
from tests.fixtures import OPERATOR

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def write_run(
    system: System, run_id: str, at: datetime, status: str = "succeeded", task_id: str = "greet"
) -> None:
    static = {"task_id": task_id, "trigger": "api", "at": at.timestamp() * 1000, "arguments": {}}
    with writing(system.database) as connection:
        record(connection, [Event("", run_id, status, 3, 1, at, static, {})])


# --- one run -------------------------------------------------------------------------------------


def test_a_run_is_found_before_anything_was_recorded(system: System) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet", {"name": "Ada"}).run_id
    run = reads.run(system, run_id)
    assert (run.status, run.arguments, run.queue) == ("queued", {"name": "Ada"}, "default")


def test_redis_is_laid_over_what_was_recorded(system: System) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet").run_id
    record_all(system)
    take(system.redis, system.catalogue, "w", QUEUES)
    system.redis.hset(keys.job(run_id), "rota_progress", '{"done": 1, "total": 2, "message": "m"}')
    run = reads.run(system, run_id)
    assert (run.status, run.worker, run.attempt) == ("running", "w", 1)
    assert run.progress
    assert (run.progress.done, run.progress.total, run.progress.message) == (1, 2, "m")
    assert run.queued_at


def test_what_was_recorded_later_wins_over_redis(sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    write_run(sqlite_system, run_id, NOON, "cancelled")
    assert reads.run(sqlite_system, run_id).status == "cancelled"


def test_with_redis_away_the_history_answers(sqlite_system: System) -> None:
    write_run(sqlite_system, "greet--m1", NOON)
    assert reads.run(sqlite_system, "greet--m1").status == "succeeded"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rota_static", "{"),
        ("rota_static", "{}"),
        ("rota_attempt", "many"),
        ("rota_revision", "newest"),
        ("rota_progress", "{"),
        ("rota_progress", "[]"),
        ("enqueued_at", "noon"),
    ],
)
def test_garbage_in_redis_hides_no_run(sqlite_system: System, field: str, value: str) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    take(sqlite_system.redis, sqlite_system.catalogue, "w", QUEUES)
    sqlite_system.redis.hset(keys.job(run_id), field, value)
    assert reads.run(sqlite_system, run_id).run_id == run_id


def test_a_job_of_another_type_hides_no_run(sqlite_system: System) -> None:
    write_run(sqlite_system, "greet--m1", NOON)
    sqlite_system.redis.set(keys.job("greet--m1"), "text")
    assert reads.run(sqlite_system, "greet--m1").status == "succeeded"


@pytest.mark.parametrize("run_id", ["nobody", "", "x" * 201, "a\nb", "größe"])
def test_an_unknown_run_is_unknown(sqlite_system: System, run_id: str) -> None:
    with pytest.raises(Unknown):
        reads.run(sqlite_system, run_id)
    with pytest.raises(Unknown):
        reads.run_log(sqlite_system, run_id)


def test_the_template_of_a_schedule_is_no_run(sqlite_system: System) -> None:
    with pytest.raises(Unknown):
        reads.run(sqlite_system, "greet")


# --- logs ----------------------------------------------------------------------------------------


def test_a_live_log_is_read_on_from_where_one_was(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    at = "2026-01-01T00:00:00.000+00:00"
    for number in range(5):
        line = {"at": at, "level": "INFO", "logger": "x", "message": str(number)}
        redis.rpush(keys.log(run_id), json.dumps(line))
    page = reads.run_log(sqlite_system, run_id, limit=3)
    assert ([line.message for line in page.lines], page.next) == (["0", "1", "2"], 3)
    page = reads.run_log(sqlite_system, run_id, after=page.next, limit=3)
    assert ([line.message for line in page.lines], page.next) == (["3", "4"], 5)
    assert not page.complete


@pytest.mark.parametrize(("after", "limit"), [(-1, 10), (0, 0), (0, 1001)])
def test_a_position_that_is_none_is_refused(sqlite_system: System, after: int, limit: int) -> None:
    with pytest.raises(Invalid):
        reads.run_log(sqlite_system, "greet--m1", after, limit)


# --- lists ---------------------------------------------------------------------------------------


def pages(system: System, limit: int, **filters: Any) -> list[list[str]]:
    found: list[list[str]] = []
    cursor = None
    while True:
        page = reads.runs(system, limit=limit, cursor=cursor, **filters)
        found.append([run.run_id for run in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_pages_over_equal_times_have_neither_gaps_nor_repeats(system: System) -> None:
    ids = []
    for number in range(50):
        run_id = f"greet--m{number:02}"
        write_run(system, run_id, NOON + timedelta(seconds=number // 10))
        ids.append((number // 10, run_id))
    expected = [run_id for _, run_id in sorted(ids, reverse=True)]
    for limit in (1, 7, 10, 49, 50, 200):
        found = pages(system, limit)
        assert [run_id for page in found for run_id in page] == expected
        assert all(len(page) == limit for page in found[:-1])


def test_microseconds_count_in_the_order(system: System) -> None:
    for number in range(5):
        write_run(system, f"greet--m{number}", NOON + timedelta(milliseconds=number))
    assert pages(system, 2) == [
        ["greet--m4", "greet--m3"],
        ["greet--m2", "greet--m1"],
        ["greet--m0"],
    ]


def test_a_run_that_arrives_meanwhile_shifts_no_page(sqlite_system: System) -> None:
    for number in range(4):
        write_run(sqlite_system, f"greet--m{number}", NOON + timedelta(seconds=number))
    first = reads.runs(sqlite_system, limit=2)
    write_run(sqlite_system, "greet--new", NOON + timedelta(hours=1))
    second = reads.runs(sqlite_system, limit=2, cursor=first.next_cursor)
    assert [run.run_id for run in second.items] == ["greet--m1", "greet--m0"]


def test_lists_are_filtered(sqlite_system: System) -> None:
    write_run(sqlite_system, "greet--m1", NOON)
    write_run(sqlite_system, "greet--m2", NOON, "failed")
    write_run(sqlite_system, "tick--m3", NOON, "failed", task_id="tick")
    assert pages(sqlite_system, 9, status="failed") == [["tick--m3", "greet--m2"]]
    assert pages(sqlite_system, 9, status="failed", task_id="greet") == [["greet--m2"]]
    assert pages(sqlite_system, 9, trigger="schedule") == [[]]
    assert pages(sqlite_system, 9, task_id="nobody") == [[]]


@pytest.mark.parametrize(("name", "value"), [("status", "odd"), ("trigger", "magic")])
def test_a_filter_that_matches_nothing_is_told_with_what_is_allowed(
    sqlite_system: System, name: str, value: str
) -> None:
    with pytest.raises(Invalid) as refused:
        reads.runs(sqlite_system, **{name: value})  # type: ignore[arg-type]  # a text each
    assert "one of" in refused.value.fields[name]


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CURSORS = [
    "", "%%%", "größe", "AAAA", forged("x"), forged([]), forged([1, 2]), forged(["noon", "x"]),
    forged(["2026-06-01T12:00:00", "x"]), forged({"a": 1, "b": 2}),
    forged(["2026-06-01T12:00:00Z", 5]),
    "A" * 10_000, forged(["2026-06-01T12:00:00Z", "\x00"]),
]  # fmt: skip


@pytest.mark.parametrize("read", [reads.runs, reads.audit])
def test_a_cursor_that_is_not_ours_is_refused(system: System, read: Callable[..., Any]) -> None:
    for cursor in CURSORS:
        with pytest.raises(Invalid) as refused:
            read(system, cursor=cursor)
        assert "cursor" in refused.value.fields, cursor


def test_a_cursor_of_another_list_is_refused(sqlite_system: System) -> None:
    for number in range(2):
        write_run(sqlite_system, f"greet--m{number}", NOON)
    cursor = reads.runs(sqlite_system, limit=1).next_cursor
    with pytest.raises(Invalid):
        reads.audit(sqlite_system, cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_one_to_two_hundred_rows(sqlite_system: System, limit: int) -> None:
    for read in (reads.runs, reads.audit):
        with pytest.raises(Invalid) as refused:
            read(sqlite_system, limit=limit)
        assert refused.value.fields == {"limit": "1 to 200"}


def test_the_audit_comes_in_pages_too(sqlite_system: System) -> None:
    for number in range(5):
        actions.pause(sqlite_system, OPERATOR, "greet", f"reason {number}")
    seen, cursor = [], None
    for _ in range(3):
        page = reads.audit(sqlite_system, limit=2, cursor=cursor)
        seen += [row.after["reason"] for row in page.items]
        cursor = page.next_cursor
    assert seen == [f"reason {number}" for number in (4, 3, 2, 1, 0)]
    assert cursor is None
