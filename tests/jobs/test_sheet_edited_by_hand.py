"""What people do in the sheet is theirs; what is ours is put back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from app import Conflict
from tests.jobs.candidates import ADA, add, add_many, rename
from tests.jobs.people import Person
from tests.jobs.syncing import Sync, counts


def test_columns_that_people_add_stay_theirs(
    sqlite_engine: Engine, sync: Sync, person: Person
) -> None:
    add_many(sqlite_engine, 2)
    sync()
    person.type("W1", ["Notes"], ["call her"], ["too far away"])
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
    person.type("W1", ["Notes"], ["call her"])
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
