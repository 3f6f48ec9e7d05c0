"""A migrated database, a sandbox of Google, and a person at the sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import jobs  # noqa: F401 - contributes the migrations
from app.records.database import open_database
from app.records.migrate import migrate
from app.settings import current_settings
from jobs.sandbox.server import Sandbox, prepare, serving
from jobs.services.google_credentials import credentials
from jobs.services.google_http import SheetsHTTP
from jobs.services.google_sheets import Spreadsheet
from jobs.services.retrying import Patience
from tests.jobs.people import Person


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty, migrated database; the test runs on each kind."""
    yield from _migrated(database_url)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An empty, migrated SQLite database."""
    yield from _migrated(sqlite_url)


def _migrated(url: str) -> Iterator[Engine]:
    engine = open_database(url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox with one empty spreadsheet, shared with its service account."""
    with serving(prepare(tmp_path)) as sandbox:
        yield sandbox


@pytest.fixture
def waits() -> list[float]:
    """The waits between attempts that `spreadsheet` would have made."""
    return []


@pytest.fixture
def connect(sandbox: Sandbox, waits: list[float]) -> Iterator[Callable[[], Spreadsheet]]:
    """Return a new client of the sandbox's spreadsheet; it notes its waits instead of waiting."""
    opened: list[Spreadsheet] = []

    def connect() -> Spreadsheet:
        account = credentials(sandbox.place.environment["GOOGLE_SERVICE_ACCOUNT"])
        http = SheetsHTTP(account, sandbox.place.url, Patience(sleep=waits.append), (1.0, 1.0))
        opened.append(Spreadsheet(http, sandbox.place.environment["SHEETS_SPREADSHEET_ID"]))
        return opened[-1]

    yield connect
    for spreadsheet in opened:
        spreadsheet.close()


@pytest.fixture
def spreadsheet(connect: Callable[[], Spreadsheet]) -> Spreadsheet:
    return connect()


@pytest.fixture
def person(connect: Callable[[], Spreadsheet], sandbox: Sandbox) -> Person:
    """Somebody who works in the sheet by hand."""
    return Person(connect(), sandbox)


@pytest.fixture
def configured(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, sqlite_url: str
) -> Iterator[Sandbox]:
    """Point the settings of this process at the sandbox and at a SQLite database."""
    for name, value in {**sandbox.place.environment, "DATABASE_URL": sqlite_url}.items():
        monkeypatch.setenv(name, value)
    current_settings.cache_clear()
    yield sandbox
    current_settings.cache_clear()
