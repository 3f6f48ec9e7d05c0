"""A migrated database, a sandbox of Google, and a person at the sheet."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import jobs  # noqa: F401 - contributes the migrations
from app.records.database import open_database
from app.records.migrate import migrate
from app.settings import current_settings
from jobs.sandbox.account import service_account
from jobs.sandbox.faults import FaultScript
from jobs.sandbox.mail_certificate import tls_context
from jobs.sandbox.mail_server import SandboxMailServer, serving_mail
from jobs.sandbox.mailbox import Mailbox
from jobs.sandbox.server import Sandbox, prepare, serving
from jobs.services import google_sheets
from jobs.services.google_sheets import Spreadsheet
from jobs.services.retrying import Patience
from jobs.sheets import SyncResult, bring_in_line
from tests.jobs.candidates import NOW
from tests.jobs.enriching import Desk
from tests.jobs.importing import Importer
from tests.jobs.mailing import PostOffice, free_port
from tests.jobs.people import Person
from tests.jobs.syncing import Sync


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An empty, migrated database; the test runs on each kind."""
    yield from _migrated(database_url)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """An empty, migrated SQLite database."""
    yield from _migrated(sqlite_url)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An empty, migrated PostgreSQL database."""
    yield from _migrated(postgres_url)


def _migrated(url: str) -> Iterator[Engine]:
    engine = open_database(url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def account_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service account; making its key takes too long to do it for every test."""
    path = tmp_path_factory.mktemp("account") / "service-account.json"
    service_account(path, "http://127.0.0.1/token")
    return path


@pytest.fixture
def sandbox(tmp_path: Path, account_file: Path) -> Iterator[Sandbox]:
    """A sandbox with one empty spreadsheet, shared with its service account."""
    shutil.copy2(account_file, tmp_path / account_file.name)
    with serving(prepare(tmp_path)) as sandbox:
        yield sandbox


def client(sandbox: Sandbox, patience: Patience) -> Spreadsheet:
    environment = sandbox.place.environment
    return google_sheets.connect(
        environment["GOOGLE_SERVICE_ACCOUNT"],
        environment["GOOGLE_SHEETS_URL"],
        environment["SHEETS_SPREADSHEET_ID"],
        patience,
        (1.0, 1.0),
    )


@pytest.fixture
def waits() -> list[float]:
    """The waits between attempts that `spreadsheet` would have made."""
    return []


@pytest.fixture
def new_client(sandbox: Sandbox, waits: list[float]) -> Iterator[Callable[[], Spreadsheet]]:
    """Return a new client of the sandbox's spreadsheet; it notes its waits instead of waiting."""
    opened: list[Spreadsheet] = []

    def new_client() -> Spreadsheet:
        opened.append(client(sandbox, Patience(sleep=waits.append)))
        return opened[-1]

    yield new_client
    for spreadsheet in opened:
        spreadsheet.close()


@pytest.fixture
def spreadsheet(new_client: Callable[[], Spreadsheet]) -> Spreadsheet:
    return new_client()


@pytest.fixture
def person(new_client: Callable[[], Spreadsheet], sandbox: Sandbox) -> Person:
    """Somebody who works in the sheet by hand."""
    return Person(new_client(), sandbox)


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


@pytest.fixture(scope="session")
def mail_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key and certificate of the tests' mail servers."""
    path = tmp_path_factory.mktemp("mail") / "mail-server.pem"
    tls_context(path)
    return path


@pytest.fixture
def post_office(tmp_path: Path, mail_certificate: Path) -> Iterator[PostOffice]:
    """A mail server of this test's own."""
    faults, mailbox = FaultScript(), Mailbox(tmp_path / "mail")
    server = SandboxMailServer(mailbox, faults, free_port(), mail_certificate)
    with serving_mail(server):
        yield PostOffice(mailbox, faults, server.port)


@pytest.fixture
def sync(sqlite_engine: Engine, new_client: Callable[[], Spreadsheet]) -> Sync:
    """Sync the SQLite database to the sandbox's sheet."""

    def sync(*, allow_removals: bool = False) -> SyncResult:
        return bring_in_line(
            new_client(), sqlite_engine, NOW, "a test", allow_removals=allow_removals
        )

    return sync


@pytest.fixture
def load(sqlite_engine: Engine, tmp_path: Path) -> Importer:
    """Import text into the SQLite database."""
    return Importer(sqlite_engine, tmp_path)


@pytest.fixture
def desk(engine: Engine, sandbox: Sandbox) -> Desk:
    """A desk for enriching résumés; the test runs on each kind of database."""
    return Desk(engine, sandbox)


@pytest.fixture
def sqlite_desk(sqlite_engine: Engine, sandbox: Sandbox) -> Desk:
    """A desk for enriching résumés in a SQLite database."""
    return Desk(sqlite_engine, sandbox)
