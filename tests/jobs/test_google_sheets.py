"""The Google Sheets client against a service that misbehaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app import Invalid, Skip, Unavailable
from app.settings import Settings
from jobs.sandbox.account import service_account
from jobs.sandbox.faults import Fault
from jobs.sandbox.library import Library
from jobs.sandbox.server import Sandbox
from jobs.services import google_sheets
from jobs.services.google_credentials import credentials
from jobs.services.google_sheets import Range, Spreadsheet, chunks, connect, open_spreadsheet
from jobs.services.retrying import Patience
from jobs.sheets import bring_in_line
from tests.jobs.candidates import NOW, add_many
from tests.jobs.people import Person

WRITE = "values:batchUpdate"
FAULTS = {
    "the service is unavailable": Fault("status", match=WRITE, status=503),
    "an internal error": Fault("status", match=WRITE, status=500),
    "a used-up quota": Fault("status", match=WRITE, status=429),
    "a proxy's page": Fault("html", match=WRITE, status=502),
    "a proxy's page with status 200": Fault("html", match=WRITE, status=200),
    "a cut connection": Fault("reset", match=WRITE),
    "a token no longer valid": Fault("status", match=WRITE, status=401),
    "unavailable after the commit": Fault("status", match=WRITE, status=503, after_commit=True),
    "a cut connection after the commit": Fault("reset", match=WRITE, after_commit=True),
    "no answer in time": Fault("slow", match=WRITE, seconds=1.5),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_each_row_is_written_once_in_spite_of(
    fault: Fault, sqlite_engine: Engine, new_client: Callable[[], Spreadsheet], person: Person
) -> None:
    add_many(sqlite_engine, 30)
    person.sandbox.app.faults.add(fault)
    result = bring_in_line(new_client(), sqlite_engine, NOW, "a test")
    assert person.sandbox.app.faults.pending() == []
    assert result.inserted == 30
    assert person.column("candidate_id") == list(range(1, 31))
    again = bring_in_line(new_client(), sqlite_engine, NOW, "a test")
    assert (again.unchanged, again.inserted) == (30, 0)


def test_a_tab_whose_creation_got_no_answer_is_not_created_twice(
    spreadsheet: Spreadsheet, sandbox: Sandbox
) -> None:
    sandbox.app.faults.add(Fault("reset", match=":batchUpdate", after_commit=True))
    spreadsheet.add_tab("Candidates")
    book = sandbox.app.library.read(spreadsheet.spreadsheet_id)
    assert [sheet.title for sheet in book.sheets] == ["Sheet1", "Candidates"]


def test_retry_after_is_waited_for(
    spreadsheet: Spreadsheet, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.app.faults.add(Fault("status", match="/v4", status=429, retry_after="17"))
    spreadsheet.tab("Candidates")
    assert len(waits) == 1
    assert 17 <= waits[0] < 18


def test_without_retry_after_the_waits_outlast_a_quota_of_one_minute(
    spreadsheet: Spreadsheet, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.app.faults.add(Fault("status", match="/v4", status=429, times=6))
    with pytest.raises(Unavailable, match=r"its quota is used up \(429\) \(6 attempts"):
        spreadsheet.tab("Candidates")
    assert len(waits) == 5
    assert waits == sorted(waits)
    assert sum(waits) > 45


def test_a_retry_after_beyond_the_budget_gives_up_and_passes_it_on(
    spreadsheet: Spreadsheet, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.app.faults.add(Fault("status", match="/v4", status=429, retry_after="900"))
    with pytest.raises(Unavailable) as caught:
        spreadsheet.tab("Candidates")
    assert caught.value.retry_after == 900
    assert waits == []


def test_a_page_from_in_between_is_named_as_such(
    spreadsheet: Spreadsheet, sandbox: Sandbox
) -> None:
    sandbox.app.faults.add(Fault("html", match="/v4", status=502, times=6))
    with pytest.raises(Unavailable, match="something in between answered 502 with a page"):
        spreadsheet.tab("Candidates")


def test_a_page_instead_of_a_token_does_not_blame_the_credentials(
    spreadsheet: Spreadsheet, sandbox: Sandbox, waits: list[float]
) -> None:
    sandbox.app.faults.add(Fault("html", match="/token", status=502))
    spreadsheet.tab("Candidates")
    assert len(waits) == 1


def test_a_service_that_does_not_listen_is_away(sandbox: Sandbox) -> None:
    account = sandbox.place.environment["GOOGLE_SERVICE_ACCOUNT"]
    patience = Patience(attempts=2, first_delay=0.0)
    nobody = connect(account, "http://127.0.0.1:9", "any", patience)
    with pytest.raises(Unavailable, match="Google Sheets is away: the connection failed"):
        nobody.tab("Candidates")


def test_a_request_that_is_wrong_is_not_repeated(
    spreadsheet: Spreadsheet, sandbox: Sandbox, waits: list[float]
) -> None:
    with pytest.raises(Invalid, match=r"refuses the request \(400\): Unable to parse range"):
        spreadsheet.read("No such tab")
    assert waits == []


def test_an_expired_token_is_renewed_without_a_word(
    spreadsheet: Spreadsheet, sandbox: Sandbox, waits: list[float]
) -> None:
    spreadsheet.tab("Candidates")
    sandbox.app.tokens.revoke_all()
    spreadsheet.tab("Candidates")
    assert waits == []
    assert sandbox.app.requests.count("POST /token") == 2


def test_an_unknown_spreadsheet_is_explained(spreadsheet: Spreadsheet) -> None:
    spreadsheet.spreadsheet_id = "unknown"
    with pytest.raises(Invalid, match="no spreadsheet unknown: SHEETS_SPREADSHEET_ID is the part"):
        spreadsheet.tab("Candidates")


def test_a_spreadsheet_not_shared_names_whom_to_share_it_with(
    spreadsheet: Spreadsheet, sandbox: Sandbox
) -> None:
    sandbox.app.library.create("private", "Private", [])
    spreadsheet.spreadsheet_id = "private"
    with pytest.raises(
        Invalid, match=r"share it, as Editor, with rota@sandbox\.iam\.gserviceaccount\.com"
    ):
        spreadsheet.tab("Candidates")


def test_a_key_that_google_does_not_know_is_explained(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    service_account(path, f"{sandbox.place.url}/token")
    stranger = connect(str(path), sandbox.place.url, "any", Patience())
    with pytest.raises(
        Invalid, match=r"refuses the service account .* Invalid JWT Signature.* Make a new JSON key"
    ):
        stranger.tab("Candidates")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("/no/such/file.json", "neither JSON nor a readable file"),
        ("{not json", "not valid JSON"),
        ('{"client_email": "a@b.c"}', "lacks private_key, token_uri"),
        (
            json.dumps({"client_email": "a@b.c", "private_key": "secret!", "token_uri": "x"}),
            "no RSA key in PEM form",
        ),
    ],
)
def test_bad_credentials_are_explained_and_never_quoted(setting: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        credentials(setting)
    assert "secret!" not in str(caught.value)


def test_without_settings_the_client_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    use_settings(monkeypatch)
    with pytest.raises(Skip) as caught:
        open_spreadsheet()
    assert str(caught.value) == (
        "not configured: set GOOGLE_SERVICE_ACCOUNT and SHEETS_SPREADSHEET_ID"
    )


def test_the_sign_in_is_not_sent_in_plain_text_to_another_machine(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    elsewhere = {**sandbox.place.environment, "GOOGLE_SHEETS_URL": "http://sheets.example.org"}
    use_settings(monkeypatch, **elsewhere)
    with pytest.raises(Invalid, match="must be https://"):
        open_spreadsheet()


def use_settings(monkeypatch: pytest.MonkeyPatch, **services: str) -> None:
    monkeypatch.setattr(google_sheets, "current_settings", lambda: Settings(services=services))


def test_a_large_write_is_split_into_requests_below_the_limit() -> None:
    whole = Range(2, 0, [[f"{row} {'x' * 400}"] for row in range(1_000)])
    split = list(chunks([whole], largest=50_000))
    assert len(split) > 8
    assert all(sum(len(json.dumps(r.values)) for r in chunk) <= 50_000 for chunk in split)
    rows = [(r.row + n, v) for chunk in split for r in chunk for n, v in enumerate(r.values)]
    assert rows == [(2 + n, values) for n, values in enumerate(whole.values)]


def test_a_sheet_grows_for_more_rows_than_its_grid_has(
    sqlite_engine: Engine, new_client: Callable[[], Spreadsheet], person: Person
) -> None:
    add_many(sqlite_engine, 1_500)
    bring_in_line(new_client(), sqlite_engine, NOW, "a test")
    assert len(person.rows()) == 1_501
    assert person.sheet.rows == 1_501


def test_the_sheets_survive_a_restart_of_the_sandbox(
    sqlite_engine: Engine, new_client: Callable[[], Spreadsheet], person: Person
) -> None:
    add_many(sqlite_engine, 2)
    bring_in_line(new_client(), sqlite_engine, NOW, "a test")
    again = Library(person.sandbox.place.folder / "sheets")
    assert again.read(person.spreadsheet.spreadsheet_id).sheets[1].cells[2][1] == "Person 1"
