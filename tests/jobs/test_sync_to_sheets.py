"""The candidates' sheet is right after a sync, whatever people did to it meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app import Conflict, Skip
from jobs.recruiting.schema import sheet_rows
from jobs.recruiting.sheet.cells import LONGEST_CELL, MANAGED
from jobs.recruiting.sheet.ledger import leased
from jobs.services.google_sheets import Range, Spreadsheet
from jobs.sheets import SyncResult, bring_in_line
from tests.jobs.candidates import ADA, NOW, add, add_many, remove, rename
from tests.jobs.people import Person

Sync = Callable[..., SyncResult]


@pytest.fixture
def sync(sqlite_engine: Engine, new_client: Callable[[], Spreadsheet]) -> Sync:
    def sync(*, allow_removals: bool = False) -> SyncResult:
        return bring_in_line(
            new_client(), sqlite_engine, NOW, "a test", allow_removals=allow_removals
        )

    return sync


def counts(result: SyncResult) -> dict[str, int]:
    names = ("inserted", "updated", "unchanged", "removed", "drifted", "conflicts")
    return {name: getattr(result, name) for name in names if getattr(result, name)}


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


def test_columns_that_people_add_stay_theirs(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.type("Q1", ["Notes"], ["call her"], ["too far away"])
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    add(sqlite_engine, ADA)
    assert counts(sync()) == {"updated": 1, "unchanged": 1, "inserted": 1}
    assert person.column("Notes") == ["call her", "too far away", ""]


def test_reordered_columns_are_found_by_their_header(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.move_columns(0, 1, 5)
    person.move_columns(9, 11, 0)
    assert counts(sync()) == {"unchanged": 2}
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    sync()
    assert person.column("name") == ["Grace Hopper", "Person 1"]


def test_sorted_and_inserted_rows_are_found_by_their_key(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 3)
    sync()
    person.move_rows(3, 4, 1)
    person.insert_rows(2, 4)
    person.type("B3", ["a line of my own"])
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    assert counts(sync()) == {"updated": 1, "unchanged": 2}
    assert person.column("name") == ["Person 2", "a line of my own", "", "Grace Hopper", "Person 1"]


def test_a_header_in_another_case_is_the_same_header(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 1)
    sync()
    person.type("A1", ["Candidate ID", "Name"])
    assert counts(sync()) == {"unchanged": 1}
    assert person.rows()[0][:2] == ["Candidate ID", "Name"]


def test_a_missing_managed_column_comes_back_at_the_right(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.type("Q1", ["Notes"], ["call her"])
    person.delete_columns(3, 4)
    assert counts(sync()) == {"drifted": 2}
    assert person.rows()[0][-2:] == ["Notes", "phone"]
    assert person.column("phone") == ["+44 20 7946 0001"] * 2


def test_a_hand_edit_of_a_managed_cell_is_put_back_and_counted(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 3)
    sync()
    person.type("B3", ["Somebody else"])
    person.type("D4", ["0012"])
    result = sync()
    assert counts(result) == {"drifted": 2, "unchanged": 1}
    assert "2 edited by hand and put back" in result.message
    assert person.column("name") == ["Person 0", "Person 1", "Person 2"]
    assert person.column("phone") == ["+44 20 7946 0001"] * 3


def test_a_number_in_place_of_the_same_digits_is_a_hand_edit(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add(sqlite_engine, replace(ADA, phones=("15551234567",)))
    sync()
    person.type("D2", ["15551234567"])
    assert person.column("phone") == [15551234567]
    assert counts(sync()) == {"drifted": 1}
    assert person.column("phone") == ["15551234567"]


def test_a_row_that_changed_on_both_sides_counts_as_both(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 1)
    sync()
    person.type("B2", ["Somebody else"])
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    assert counts(sync()) == {"drifted": 1, "updated": 1}
    assert person.column("name") == ["Grace Hopper"]


def test_an_overwritten_key_is_mended_by_the_rows_email(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.type("A3", [""])
    assert counts(sync()) == {"drifted": 1, "unchanged": 1}
    assert person.column("candidate_id") == [1, 2]


def test_a_sheet_without_its_key_column_is_not_written(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.delete_columns(0, 1)
    before = person.rows()
    with pytest.raises(Conflict, match="lost its column “candidate_id”"):
        sync()
    assert person.rows() == before


def test_a_doubled_key_is_reported_and_its_first_row_kept_up_to_date(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.type("A4", [1, "a copy"])
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    result = sync()
    assert counts(result) == {"updated": 1, "unchanged": 1, "conflicts": 1}
    assert result.notes == ("rows 2 and 4 both hold candidate 1; row 2 is kept up to date",)
    assert person.column("name") == ["Grace Hopper", "Person 1", "a copy"]


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


def test_a_row_moved_between_reading_and_writing_is_noticed_before_the_write(
    sqlite_engine: Engine, new_client: Callable[[], Spreadsheet], person: Person, sync: Sync
) -> None:
    add_many(sqlite_engine, 3)
    sync()
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    moving = new_client()
    read = moving.read

    def read_then_move(title: str, a1: str | None = None) -> list[list[object]]:
        found = read(title, a1)
        moving.read = read  # type: ignore[method-assign]  # only the first read is raced
        person.move_rows(1, 2, 4)
        return found  # type: ignore[return-value]  # the cells as they are

    moving.read = read_then_move  # type: ignore[method-assign,assignment]  # a race, staged
    result = bring_in_line(moving, sqlite_engine, NOW, "a test")
    assert counts(result) == {"updated": 1, "unchanged": 2}
    assert person.column("name") == ["Person 1", "Person 2", "Grace Hopper"]
    assert result.notes == ()


def test_a_row_moved_during_the_write_is_put_right_and_reported(
    sqlite_engine: Engine, new_client: Callable[[], Spreadsheet], person: Person, sync: Sync
) -> None:
    add_many(sqlite_engine, 3)
    sync()
    rename(sqlite_engine, "person0@example.org", "Grace Hopper")
    moving = new_client()
    write = moving.write

    def move_then_write(title: str, ranges: list[Range]) -> None:
        moving.write = write  # type: ignore[method-assign]  # only the first write is raced
        person.move_rows(1, 2, 4)
        write(title, ranges)

    moving.write = move_then_write  # type: ignore[method-assign,assignment]  # a race, staged
    result = bring_in_line(moving, sqlite_engine, NOW, "a test")
    assert person.column("name") == ["Person 1", "Person 2", "Grace Hopper"]
    assert result.notes == ("2 cells were changed by somebody meanwhile and written again",)
    assert counts(sync()) == {"unchanged": 3}


def test_another_sync_of_the_same_sheet_is_skipped_while_one_runs(
    engine: Engine, spreadsheet: Spreadsheet
) -> None:
    sheet = f"{spreadsheet.spreadsheet_id}/Candidates"
    with (
        leased(engine, sheet, "sync_to_sheets--1", timedelta(minutes=12), NOW),
        pytest.raises(Skip, match="being written by sync_to_sheets--1 until 09:12:00 UTC"),
    ):
        bring_in_line(spreadsheet, engine, NOW, "by hand")
    assert counts(bring_in_line(spreadsheet, engine, NOW, "by hand")) == {}


def test_a_lease_ends_by_itself_and_a_run_takes_its_own_over(
    engine: Engine, spreadsheet: Spreadsheet
) -> None:
    sheet = f"{spreadsheet.spreadsheet_id}/Candidates"
    length = timedelta(minutes=12)
    with leased(engine, sheet, "run 1", length, NOW) as dead:
        with (
            leased(engine, sheet, "run 1", length, NOW),
            pytest.raises(Skip, match="another sync took over"),
        ):
            dead.check()
        later = NOW + timedelta(minutes=13)
        with (
            leased(engine, sheet, "run 2", length, NOW),
            leased(engine, sheet, "run 3", length, later) as lease,
        ):
            lease.check()


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
