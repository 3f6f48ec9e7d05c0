"""The task as the engine runs it, and the panel that shows the sheet."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from app import Skip, Unavailable, every
from app.context import CurrentRun
from app.contributions import contributions
from app.perform import perform
from app.settings import current_settings
from jobs.recruiting.sheet.cells import MANAGED
from jobs.recruiting.sheet_panel import sheet_panel
from jobs.sandbox.faults import Fault
from jobs.sandbox.server import Sandbox
from jobs.sheets import sync_to_sheets
from tests.jobs.candidates import add_many, remove


def test_the_panel_and_the_commands_are_contributed() -> None:
    assert contributions.panel("sheet") is sheet_panel
    assert {"import", "demo"} <= set(contributions.commands)


def test_the_task_runs_every_half_hour_and_one_at_a_time() -> None:
    (schedule,) = sync_to_sheets.schedules
    assert schedule.schedule == every("30m")
    assert (sync_to_sheets.overlap, sync_to_sheets.queue) == ("skip", "default")


def test_the_panel_shows_what_the_sheet_holds(configured: Sandbox, sqlite_engine: Engine) -> None:
    add_many(sqlite_engine, 25)
    sync_to_sheets()
    remove(sqlite_engine, 3)
    sync_to_sheets()
    content = sheet_panel.render()
    assert [(f.label, f.value) for f in content.figures] == [
        ("Candidates", "24"),
        ("Marked as removed", "1"),
    ]
    assert content.table is not None
    assert tuple(content.table.columns) == MANAGED
    assert (len(content.table.rows), content.table.total) == (20, 25)
    assert content.table.rows[0][:3] == ["1", "Person 0", "person0@example.org"]
    assert content.note == f"{configured.place.url}/spreadsheets/d/sandbox-candidates"
    assert content.as_of is not None


def test_before_the_first_sync_the_panel_says_so(configured: Sandbox) -> None:
    assert sheet_panel.render().note.startswith("There is no tab “Candidates” yet")


def test_without_credentials_task_and_panel_say_what_to_set(
    monkeypatch: pytest.MonkeyPatch, configured: Sandbox
) -> None:
    monkeypatch.delenv("GOOGLE_SERVICE_ACCOUNT")
    current_settings.cache_clear()
    reason = "not configured: set GOOGLE_SERVICE_ACCOUNT and SHEETS_SPREADSHEET_ID"
    assert sheet_panel.render().note == f"The sheet is {reason}."
    with pytest.raises(Skip, match=reason):
        sync_to_sheets()
    outcome = perform(sync_to_sheets, {}, CurrentRun("sync_to_sheets--1", "sync_to_sheets"))
    assert (outcome.kind, outcome.reason) == ("skipped", reason)


def test_a_run_returns_its_counts_as_json(configured: Sandbox, sqlite_engine: Engine) -> None:
    add_many(sqlite_engine, 2)
    outcome = perform(sync_to_sheets, {}, CurrentRun("sync_to_sheets--1", "sync_to_sheets"))
    assert outcome.kind == "succeeded", outcome
    assert outcome.result["inserted"] == 2
    assert outcome.result["message"] == "Rows: 2 added; 0 were right already."


def test_the_panel_gives_up_quickly_when_google_is_away(configured: Sandbox) -> None:
    configured.app.faults.add(Fault("status", match="/v4", status=503, times=9))
    with pytest.raises(Unavailable, match="Google Sheets is away: it answered 503"):
        sheet_panel.render()
    assert len(configured.app.faults.pending()) == 1
    assert configured.app.faults.pending()[0].times == 7


def test_the_panel_explains_a_sheet_that_is_not_shared(
    monkeypatch: pytest.MonkeyPatch, configured: Sandbox
) -> None:
    configured.app.library.create("private", "Private", [])
    monkeypatch.setenv("SHEETS_SPREADSHEET_ID", "private")
    current_settings.cache_clear()
    assert "share it, as Editor, with rota@sandbox" in sheet_panel.render().note
