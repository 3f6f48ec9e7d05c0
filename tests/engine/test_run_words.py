"""Free words in a search: the same on both databases, true to the rows, no secret among them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from app import actions, reads
from app.errors import Invalid
from app.events import Event
from app.reads import run_found
from app.records.database import reading, writing
from app.records.history import record
from app.records.migrate import migrate
from app.records.retention import prune
from app.records.run_texts import FILLED, index_runs
from app.records.schema import counters, run_texts, runs
from app.system import System
from tests.console.costs import watched
from tests.fixtures import OPERATOR

NOW = datetime(2027, 1, 31, 12, tzinfo=UTC)
HOSTILE = (
    '"', "'", "''", "*", "a*", '"a*"', "NEAR(", "NEAR(a b)", "OR", "AND", "NOT", "a OR b", "(", ")",
    "(a)", "a)", ":", "a:*", "&", "a & b", "!a", "|", "\\", "a\\", "'a':*", "run_words:a", "^a",
    "{a b}:c", "a + b", "%", "_", "\x00", "a\x00b", "é", "İ", "ß", "名前", "👻", "\ud800",
    "a\ud800", "x" * 400, "🇩🇪a", "٣", "²", "ﬁ", "-", "--", "-a", "; DROP TABLE runs",
    "{}", "$1", ":1",
)  # fmt: skip


def write(system: System, run_id: str, minutes_ago: float = 5, **columns: Any) -> None:
    values: dict[str, Any] = {"run_id": run_id, "task_id": "greet", "trigger": "api"}
    values |= {"status": "failed", "at": NOW - timedelta(minutes=minutes_ago)}
    with writing(system.database) as connection:
        connection.execute(insert(runs).values(values | columns))
        index_runs(connection, [run_id])


def found(system: System, q: str, **options: Any) -> list[str]:
    return [run.run_id for run in reads.runs(system, q=q, now=NOW, **options).items]


def lived(run_id: str, *steps: tuple[str, dict[str, Any]]) -> list[Event]:
    static = {"task_id": "greet", "trigger": "api", "at": NOW.timestamp() * 1000}
    return [
        Event("", run_id, status, number, 1, NOW, static, data)
        for number, (status, data) in enumerate(steps, 1)
    ]


def test_no_word_is_an_error_of_the_database(system: System) -> None:
    write(system, "greet--1", reason="before * NEAR( OR 'quoted' after")
    answered = 0
    for q in HOSTILE:
        for asked in (q, f'"{q}"', f"-{q}", f"before {q}", f"status:failed {q} -{q}"):
            # What cannot be understood is refused in words; anything else is an error.
            with suppress(Invalid):
                found(system, asked)
                answered += 1
    assert answered > len(HOSTILE)


AS_WRITTEN = (
    ("Müller überfällig", "müller"),
    ("PÉRISCOPE", "péri"),
    ("HAUPTSTRASSE", "hauptstraße"),
    ("名前 がない", "名前"),
    ("the ﬁle", "file"),
    ("don't", "don't"),
    ("this OR that", '"this or that"'),
    ("NEAR(here)", "near(he"),
    ("https://api.example.org/v1?x=2", "api.example.org/v1"),
    ("1e5 0x1F -3.14 v2", "1e5 0x1f 3.14 v2"),
    ("KeyError: 'jobs_done'", "jobs_d"),
)


def test_a_word_is_found_as_people_write_it(system: System) -> None:
    for number, (text, _) in enumerate(AS_WRITTEN):
        write(system, f"greet--r{number}", reason=text)
    assert {q: found(system, q) for _, q in AS_WRITTEN} == {
        q: [f"greet--r{number}"] for number, (_, q) in enumerate(AS_WRITTEN)
    }


def test_words_of_two_texts_are_no_phrase(system: System) -> None:
    write(system, "greet--1", reason="quota", error={"type": "KeyError", "message": "name"})
    assert found(system, "quota keyerror name") == ["greet--1"]
    assert found(system, '"quota keyerror"') == []
    assert found(system, '"keyerror name"') == []


def test_a_run_is_found_by_its_id_and_by_parts_of_it(system: System) -> None:
    write(system, "sync_to_sheets--1790000000")
    write(system, "sync_mail--1790000000", 6)
    assert found(system, "sync_to_sheets--1790000000") == ["sync_to_sheets--1790000000"]
    assert found(system, "sheets") == ["sync_to_sheets--1790000000"]
    assert found(system, "179 sync") == ["sync_to_sheets--1790000000", "sync_mail--1790000000"]


def test_a_secret_is_not_found_by_trying(system: System) -> None:
    error = {"type": "KeyError", "message": "no password=hunter2secret in https://u:tr0ub@host/"}
    write(system, "greet--1", reason="api_key=abc123def", error=error)
    assert found(system, "keyerror") == ["greet--1"]
    for secret in ("hunter2secret", "hunter2", "tr0ub", "abc123def", "abc"):
        assert found(system, secret) == []
    with reading(system.database) as connection:
        words = connection.execute(select(run_texts.c.words)).scalar_one()
    assert "hunter2" not in words


def test_what_a_run_tells_is_found_while_it_is_true(system: System) -> None:
    error = {"type": "KeyError", "message": "old news"}
    events = lived(
        "greet--1",
        ("scheduled", {"reason": "waits for a place"}),
        ("running", {}),
        ("failed", {"error": error, "outcome": "failed"}),
        ("queued", {}),
        ("running", {}),
        ("succeeded", {"outcome": "succeeded"}),
    )
    expected = ["waits", "", "old", "old", "", ""]
    for event, word in zip(events, expected, strict=True):
        with writing(system.database) as connection:
            record(connection, [event])
        for other in ("waits", "old"):
            assert found(system, other) == (["greet--1"] if other == word else []), event
        assert found(system, "greet") == ["greet--1"]


def test_a_replay_of_something_older_brings_no_words_back(system: System) -> None:
    events = lived("greet--1", ("scheduled", {"reason": "waits"}), ("running", {}))
    for some in (events, events[:1]):
        with writing(system.database) as connection:
            record(connection, some)
    assert found(system, "waits") == []


def test_pruned_runs_are_gone_from_the_index(system: System) -> None:
    write(system, "old--1", 60 * 24 * 100, reason="quota")
    write(system, "young--1", reason="quota")
    assert found(system, "quota") == ["young--1", "old--1"]
    assert prune(system.database, 90, NOW) == 1
    assert found(system, "quota") == ["young--1"]
    with reading(system.database) as connection:
        assert connection.execute(select(run_texts.c.run_id)).scalars().all() == ["young--1"]


def test_runs_from_before_the_index_are_found_after_a_release(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.records.run_texts.STEP", 3)
    for number in range(10):
        write(system, f"greet--{number}", number, reason="quota")
    with writing(system.database) as connection:
        connection.execute(delete(run_texts).where(run_texts.c.run_id != "greet--4"))
        connection.execute(update(counters).where(counters.c.name == FILLED).values(value=0))
    assert found(system, "quota") == ["greet--4"]
    migrate(system.database)
    assert found(system, "quota") == [f"greet--{number}" for number in range(10)]


@pytest.mark.parametrize("looked_at", [5, 20, 3_000])
def test_pages_of_words_have_neither_gaps_nor_repeats(
    system: System, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    monkeypatch.setattr(run_found, "LOOKED_AT", looked_at)
    for number in range(30):
        # Several at one instant, and words of any frequency.
        reason = "every " + "third " * (number % 3 == 0) + "last" * (number > 27)
        write(system, f"greet--{number:02}", number // 4, reason=reason)
    for q, expected in (
        ("every", range(30)),
        ("third", range(0, 30, 3)),
        ("last", (28, 29)),
        ("every -third since:1h", [n for n in range(30) if n % 3]),
        ("third trigger:api task:greet", range(0, 30, 3)),
    ):
        seen: list[str] = []
        cursor = None
        while True:
            page = reads.runs(system, q=q, now=NOW, limit=4, cursor=cursor)
            seen += [run.run_id for run in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        in_order = sorted(expected, key=lambda n: (-(n // 4), n), reverse=True)
        assert seen == [f"greet--{number:02}" for number in in_order], q
        assert [run.run_id for run in reads.exported_runs(system, q=q, now=NOW)] == seen


def test_a_bulk_act_counts_what_words_find_up_to_a_limit(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bulk.choosing.MOST_COUNTED", 10)
    for number in range(12):
        write(system, f"greet--{number}", number, reason="quota" if number < 11 else "other")
    plan = actions.plan_bulk(system, OPERATOR, "retry", "quota", now=NOW)
    assert (plan.runs, plan.capped) == (10, True)
    assert actions.plan_bulk(system, OPERATOR, "retry", "other", now=NOW).runs == 1


def test_a_page_of_words_is_one_query(system: System) -> None:
    write(system, "greet--1", reason="quota")
    for q in ("quota", "nothing", "quota status:failed worker:x"):
        with watched(system) as cost:
            found(system, q)
        assert len(cost.queries) == 1, q
