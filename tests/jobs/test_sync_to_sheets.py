"""The candidates' sheet is right after a sync, and a second one changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app import Conflict, writing
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application
from jobs.recruiting.imports.store import store
from jobs.recruiting.schema import sheet_rows
from jobs.recruiting.sheet import cells
from jobs.recruiting.sheet.cells import LONGEST_CELL, MANAGED
from jobs.services.google_sheets import Spreadsheet
from jobs.sheets import bring_in_line
from tests.jobs.candidates import ADA, NOW, add, add_many, remove, rename
from tests.jobs.people import Person
from tests.jobs.syncing import Sync, counts


def test_the_first_sync_adds_the_tab_the_header_and_every_candidate(
    engine: Engine, spreadsheet: Spreadsheet, person: Person
) -> None:
    add_many(engine, 3)
    result = bring_in_line(spreadsheet, engine, NOW, "a test")
    assert counts(result) == {"inserted": 3}
    assert result.message == "Rows: 3 added; 0 were right already."
    assert person.rows()[0] == list(MANAGED)
    assert person.rows()[1][:7] == [
        1,
        "Person 0",
        "person0@example.org",
        "+44 20 7946 0001",
        "Engineer",
        "Interview",
        "active",
    ]


def test_a_row_tells_of_the_candidate_and_of_every_application(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    ada = replace(ADA, external_id="ats-7", website_url="https://ada.example.org", legal_hold=True)
    admiral = Application(
        "Admiral", "rejected", "Screening", applied_at=NOW, last_activity_at=NOW, reason="no ship"
    )
    entry = Entry(Place(2, 2), ada, [(Place(2, 2), admiral)])
    with writing(sqlite_engine) as connection:
        store(connection, [entry], NOW)
    sync()
    assert [person.column(name)[0] for name in ("ended_at", "reason")] == [
        "2026-11-24T09:00:00Z",
        "no ship",
    ]
    add(sqlite_engine, ada)
    sync()
    assert [person.column(name)[0] for name in ("position", "status", "ended_at", "reason")] == [
        "Engineer",
        "active",
        "",
        "",
    ]
    assert person.column("every_application") == [
        "Engineer (active, Interview); Admiral (rejected, Screening)"
    ]
    named = ("applications", "external_id", "website_url", "legal_hold")
    assert [person.column(name)[0] for name in named] == [
        2,
        "ats-7",
        "https://ada.example.org",
        "yes",
    ]


def test_a_release_with_further_columns_is_no_edit_by_hand(
    sqlite_engine: Engine, sync: Sync, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_many(sqlite_engine, 2)
    monkeypatch.setattr(cells, "LAYOUT", "1")
    sync()
    monkeypatch.undo()
    person.delete_columns(MANAGED.index("every_application"), MANAGED.index("website_url"))
    assert counts(sync()) == {"updated": 2}
    assert counts(sync()) == {"unchanged": 2}
    person.type("B2", ["somebody else"])
    assert counts(sync()) == {"drifted": 1, "unchanged": 1}


def test_a_second_sync_changes_nothing_and_says_so(
    engine: Engine, new_client: Callable[[], Spreadsheet], person: Person
) -> None:
    add_many(engine, 3)
    bring_in_line(new_client(), engine, NOW, "a test")
    before = person.rows()
    person.sandbox.app.requests.clear()
    result = bring_in_line(new_client(), engine, NOW + timedelta(minutes=30), "a test")
    assert counts(result) == {"unchanged": 3}
    assert result.message == "Nothing to do: all 3 candidates were in the sheet already."
    assert person.rows() == before
    assert not [r for r in person.sandbox.app.requests if r.startswith(("PUT", "POST /v4"))]


def test_a_thousand_candidates_cost_a_handful_of_requests(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 1_000)
    assert sync().calls <= 8
    assert sync().calls == 2
    assert len(person.rows()) == 1_001


def test_a_changed_candidate_is_updated_and_only_that_cell_written(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 3)
    sync()
    rename(sqlite_engine, "person1@example.org", "Grace Hopper")
    written = record_writes(person)
    assert counts(sync()) == {"updated": 1, "unchanged": 2}
    assert written() == {"'Candidates'!B3": [["Grace Hopper"]]}


def record_writes(person: Person) -> Callable[[], dict[str, list[list[object]]]]:
    """Return what differs in the sheet from now on, cell by cell."""
    before = [list(cells) for cells in person.rows()]

    def changed() -> dict[str, list[list[object]]]:
        found: dict[str, list[list[object]]] = {}
        for row, (old, new) in enumerate(zip(before, person.rows(), strict=True), start=1):
            for place, (was, now) in enumerate(zip(old, new, strict=True)):
                if was != now:
                    found[f"'Candidates'!{chr(65 + place)}{row}"] = [[now]]
        return found

    return changed


def test_a_candidate_who_left_is_marked_once_and_unmarked_on_return(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 3)
    sync()
    remove(sqlite_engine, 2)
    assert counts(sync()) == {"removed": 1, "unchanged": 2}
    assert person.column("removed_at") == ["", "2026-11-24T09:00:00Z", ""]
    assert person.column("name")[1] == "Person 1"
    assert counts(sync()) == {"unchanged": 2}
    person.type("P2", ["gone"])
    assert counts(sync()) == {"drifted": 1, "unchanged": 1}
    assert person.column("removed_at")[0] == ""


def test_marking_many_rows_at_once_needs_a_persons_word(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 12)
    sync()
    remove(sqlite_engine, *range(1, 12))
    before = person.rows()
    with pytest.raises(Conflict, match=r"11 of the sheet's 12 candidates .* allow_removals"):
        sync()
    assert person.rows() == before
    assert counts(sync(allow_removals=True)) == {"removed": 11, "unchanged": 1}


def test_an_empty_database_does_not_empty_the_sheet(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 60)
    sync()
    remove(sqlite_engine, *range(1, 61))
    with pytest.raises(Conflict, match="at most 12 are marked"):
        sync()
    assert "2026-11-24T09:00:00Z" not in person.column("email")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+44 20 7946 0001", "-5", "@SUM(A1)", "007", "1e5", "TRUE", "2026-11-24", "'quoted"],
)
def test_text_that_looks_like_something_else_arrives_literally(
    sqlite_engine: Engine, sync: Sync, person: Person, text: str
) -> None:
    add(sqlite_engine, replace(ADA, name=text, phones=(text,)))
    sync()
    assert person.column("name") == [text]
    assert person.column("phone") == [text]
    assert counts(sync()) == {"unchanged": 1}


def test_a_cell_over_googles_limit_is_cut_with_a_mark(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add(sqlite_engine, replace(ADA, website_url=None))
    rename(sqlite_engine, "ada@example.org", "é😀" * 30_000)
    sync()
    (name,) = person.column("name")
    assert str(name).endswith(" …[cut]")
    assert len(str(name).encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert counts(sync()) == {"unchanged": 1}


def test_what_was_written_is_remembered_for_each_candidate(
    engine: Engine, new_client: Callable[[], Spreadsheet]
) -> None:
    add_many(engine, 3)
    bring_in_line(new_client(), engine, NOW, "a test")
    remove(engine, 2)
    rename(engine, "person0@example.org", "Grace Hopper")
    with engine.connect() as connection:
        before = {r.candidate_id: r.content_hash for r in connection.execute(sheet_rows.select())}
    bring_in_line(new_client(), engine, NOW, "a test")
    with engine.connect() as connection:
        after = {r.candidate_id: r.content_hash for r in connection.execute(sheet_rows.select())}
    assert set(before) == {1, 2, 3}
    assert set(after) == {1, 3}
    assert after[1] != before[1]
    assert after[3] == before[3]
