"""What happens while a sync runs: people move rows, another sync starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app import Skip
from jobs.recruiting.sheet.ledger import leased
from jobs.services.google_sheets import Range, Spreadsheet
from jobs.sheets import bring_in_line
from tests.jobs.candidates import NOW, add_many, rename
from tests.jobs.people import Person
from tests.jobs.syncing import Sync, counts


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
            pytest.raises(Skip, match="another run took over"),
        ):
            dead.check()
        later = NOW + timedelta(minutes=13)
        with (
            leased(engine, sheet, "run 2", length, NOW),
            leased(engine, sheet, "run 3", length, later) as lease,
        ):
            lease.check()
