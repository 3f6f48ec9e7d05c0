"""The grammar of the search for runs, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from app import reads
from app.errors import Invalid
from app.records.database import writing
from app.records.run_texts import index_runs
from app.records.schema import runs
from app.system import System

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)


def write(system: System, run_id: str, hours_ago: float = 1, **columns: Any) -> None:
    at = NOW - timedelta(hours=hours_ago)
    values: dict[str, Any] = {
        "run_id": run_id, "task_id": "greet", "trigger": "schedule", "status": "succeeded",
        "at": at, "started_at": at, "ended_at": at + timedelta(seconds=30), "queue": "default",
        "worker": "web1-7",
    }  # fmt: skip
    with writing(system.database) as connection:
        connection.execute(insert(runs).values(values | columns))
        index_runs(connection, [run_id])


def found(system: System, q: str) -> set[str]:
    return {run.run_id for run in reads.runs(system, q=q, now=NOW).items}


@pytest.fixture
def past(system: System) -> System:
    error = {"type": "jobs.QuotaExceeded", "message": "429 too 100% many", "fingerprint": "f00d"}
    write(system, "a", arguments={"limit": 5, "dry": True})
    write(system, "b", 2, task_id="sync", status="failed", error=error, queue="low",
          arguments={"team": "all"})  # fmt: skip
    write(system, "c", 30, trigger="manual", triggered_by="olga", worker=None)
    write(system, "d", 24 * 8, ended_at=NOW, status="lost", reason="its worker died")
    return system


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ("task:sync", "b"),
        ("arg.limit=5", "a"),
        ("arg.limit=4,5 arg.dry=true", "a"),
        ("arg.team=all", "b"),
        ("-arg.limit=5", "b"),
        ("duration>1m since:30d", "d"),
        ("duration<1m since:30d", "abc"),
        ("task:greet,sync", "abcd"),
        ("-task:greet", "b"),
        ("status:failed,lost", "bd"),
        ("trigger:manual by:olga", "c"),
        ("queue:low", "b"),
        ("worker:WEB1", "ab"),
        ("-worker:web1", "c"),
        ("error:quota", "b"),
        ("error:f00d", "b"),
        ("-error:quota", "ac"),
        ('"too 100% many"', "b"),
        ("100_", "b"),
        ("died", "d"),
        ("died since:1h", ""),
        ("Die", "d"),
        ("ied", ""),
        ('"worker died"', "d"),
        ('"died worker"', ""),
        ("worker died", "d"),
        ("died quota", ""),
        ("-died since:30d", "abc"),
        ("many status:failed worker:web1", "b"),
        ("jobs.Quota", "b"),
        ("since:24h", "ab"),
        ("until:24h", "cd"),
        ("since:2026-06-10T10:30", "a"),
        ("since:2026-06-09 until:2026-06-10", "c"),
        ("longer:1m since:30d", "d"),
        ("shorter:1m", "abc"),
        ("  ", "abcd"),
    ],
)
def test_a_search_finds_what_it_says(past: System, q: str, ids: str) -> None:
    assert found(past, q) == set(ids)


@pytest.mark.parametrize(
    ("q", "told"),
    [
        ("colour:red", "at 1: “colour:” is not known"),
        ("task:a status:odd", "at 7: “status:odd”: one of"),
        ("since:soon", "a duration such as 24h"),
        ("longer:x", "longer:x"),
        ('"open', "a quote is not closed"),
        ('a"b', "a quote"),
        ("x" * 501, "at most 500"),
        ("a " * 21, "at most 20"),
        ("a -*", "at 2: “*”: a word has letters or digits"),
        ("x" * 10_000, "at most 500"),
    ],
)
def test_a_search_that_cannot_be_understood_says_where(
    sqlite_system: System, q: str, told: str
) -> None:
    with pytest.raises(Invalid) as refused:
        found(sqlite_system, q)
    assert told in refused.value.fields["q"]


def test_pages_of_a_search_have_neither_gaps_nor_repeats(sqlite_system: System) -> None:
    for number in range(25):
        write(sqlite_system, f"r{number:02}", number, status="failed" if number % 2 else "lost")
    seen, cursor = [], None
    while True:
        page = reads.runs(sqlite_system, q="status:failed", now=NOW, limit=5, cursor=cursor)
        seen += [run.run_id for run in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"r{number:02}" for number in range(25) if number % 2]
