"""One tab of a Google spreadsheet: read it whole, write explicit ranges of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from app import Invalid, Skip, current_settings
from jobs.services.a1 import in_tab, rectangle
from jobs.services.refused import RefusedError
from jobs.services.retrying import Patience

if TYPE_CHECKING:
    from jobs.services.google_http import SheetsHTTP

GOOGLE = "https://sheets.googleapis.com"
SERVICE = "Google Sheets"
TIMEOUT = (5.0, 60.0)  # seconds to connect, and between two bytes of the answer

Cell = str | int | float | bool
LARGEST_PAYLOAD = 2_000_000  # bytes; what Google recommends to stay below
NOT_CONFIGURED = "not configured: set GOOGLE_SERVICE_ACCOUNT and SHEETS_SPREADSHEET_ID"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Range:
    """Values to write from a cell on. `row` is from 1, `column` from 0."""

    row: int
    column: int
    values: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Tab:
    """A tab as its spreadsheet describes it."""

    sheet_id: int
    title: str
    rows: int
    columns: int


class Spreadsheet:
    """A spreadsheet through gspread's HTTP layer.

    Every method raises Unavailable when Google stays away and Invalid, saying what to do, when
    the spreadsheet is unknown or not shared.
    """

    def __init__(self, http: SheetsHTTP, spreadsheet_id: str) -> None:
        self.http = http
        self.spreadsheet_id = spreadsheet_id

    @property
    def url(self) -> str:
        """Where a person looks at it."""
        site = "https://docs.google.com" if self.http.base_url == GOOGLE else self.http.base_url
        return f"{site}/spreadsheets/d/{self.spreadsheet_id}"

    @property
    def calls(self) -> int:
        return self.http.calls

    def close(self) -> None:
        """Close the connections to Google."""
        self.http.session.close()

    def tab(self, title: str) -> Tab | None:
        """Return the tab named `title`, None where there is none."""
        try:
            answer = self.http.fetch_sheet_metadata(self.spreadsheet_id)
        except RefusedError as error:
            self._explain(error)
        for sheet in answer["sheets"]:
            properties = sheet["properties"]
            if properties["title"] == title:
                grid = properties.get("gridProperties", {})
                return Tab(
                    properties["sheetId"],
                    title,
                    grid.get("rowCount", 0),
                    grid.get("columnCount", 0),
                )
        return None

    def add_tab(self, title: str) -> None:
        """Add a tab; one that exists already is left as it is."""
        try:
            self._batch_update({"addSheet": {"properties": {"title": title}}})
        except RefusedError as error:
            # The answer to an earlier attempt may have been lost after it was carried out.
            if error.status != 400 or "already exists" not in error.said:
                self._explain(error)

    def grow(self, tab: Tab, rows: int, columns: int) -> None:
        """Make the grid at least that large. Only ever adds: setting a size could cut off rows
        that somebody adds at the same moment."""
        requests = [
            {"appendDimension": {"sheetId": tab.sheet_id, "dimension": kind, "length": length}}
            for kind, length in (("ROWS", rows - tab.rows), ("COLUMNS", columns - tab.columns))
            if length > 0
        ]
        if requests:
            try:
                self._batch_update(*requests)
            except RefusedError as error:
                self._explain(error)

    def read(self, title: str, a1: str | None = None) -> list[list[Cell]]:
        """Return the values of a tab, or of a range in it, numbers as numbers; empty rows and
        cells at the end are left out."""
        return self.read_ranges(title, a1)[0]

    def read_ranges(self, title: str, *ranges: str | None) -> list[list[list[Cell]]]:
        """Return the values of several ranges in one request."""
        try:
            answer = self.http.values_batch_get(
                self.spreadsheet_id,
                [in_tab(title, a1) for a1 in ranges],
                {"valueRenderOption": "UNFORMATTED_VALUE", "majorDimension": "ROWS"},
            )
        except RefusedError as error:
            self._explain(error)
        return [found.get("values", []) for found in answer["valueRanges"]]

    def write(self, title: str, ranges: Sequence[Range]) -> None:
        """Write `ranges` literally (RAW): nothing in them becomes a formula, number or date."""
        data = [_value_range(title, found) for found in ranges]
        try:
            self.http.values_batch_update(
                self.spreadsheet_id, {"valueInputOption": "RAW", "data": data}
            )
        except RefusedError as error:
            self._explain(error)

    def _batch_update(self, *requests: dict[str, Any]) -> None:
        self.http.batch_update(self.spreadsheet_id, {"requests": list(requests)})

    def _explain(self, error: RefusedError) -> NoReturn:
        status, said = error.status, error.said[:300]
        if status == 404:
            raise Invalid(
                f"There is no spreadsheet {self.spreadsheet_id}: SHEETS_SPREADSHEET_ID is the part "
                "of its address between /d/ and the next slash."
            ) from error
        if status == 403:
            raise Invalid(
                f"The spreadsheet {self.spreadsheet_id} refuses us ({said}): share it, as Editor, "
                f"with {self.http.client_email}, and enable the Google Sheets API in its project."
            ) from error
        if status == 401:
            raise Invalid(
                f"Google does not accept our sign-in as {self.http.client_email} ({said}): make a "
                "new JSON key and set GOOGLE_SERVICE_ACCOUNT to it."
            ) from error
        raise Invalid(f"Google Sheets refuses the request ({status}): {said}") from error


def open_spreadsheet(
    patience: Patience | None = None, timeout: tuple[float, float] = TIMEOUT
) -> Spreadsheet:
    """Return the spreadsheet the settings name, without asking Google yet.

    Raises Skip when it is not configured, Invalid when the credentials or the URL are wrong.
    """
    settings = current_settings()
    account = settings.service("GOOGLE_SERVICE_ACCOUNT")
    spreadsheet_id = settings.service("SHEETS_SPREADSHEET_ID")
    if not account or not spreadsheet_id:
        raise Skip(NOT_CONFIGURED)
    base_url = _checked(settings.service("GOOGLE_SHEETS_URL", GOOGLE))
    return connect(account, base_url, spreadsheet_id, patience or Patience(), timeout)


def connect(
    account: str,
    base_url: str,
    spreadsheet_id: str,
    patience: Patience,
    timeout: tuple[float, float] = TIMEOUT,
) -> Spreadsheet:
    """Return a spreadsheet at `base_url`; `account` is a service account's JSON or its path."""
    # By name, on first use: gspread and Google's sign-in take 20 MB and 0.15 s, which the
    # processes that know this task but never run it do without.
    http: SheetsHTTP = import_module("jobs.services.google_http").signed_in(
        account, base_url, patience, timeout
    )
    return Spreadsheet(http, spreadsheet_id)


def _checked(base_url: str) -> str:
    parts = urlsplit(base_url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.hostname:
        raise Invalid(
            f"GOOGLE_SHEETS_URL={base_url} must be https://… (plain http only on this machine): "
            "the sign-in is sent to it."
        )
    return base_url


def chunks(ranges: Sequence[Range], largest: int = LARGEST_PAYLOAD) -> Iterator[list[Range]]:
    """Split ranges, also inside, into requests of at most `largest` bytes each."""
    chunk: list[Range] = []
    size = 0
    for piece in (piece for whole in ranges for piece in _pieces(whole, largest)):
        length = _length(piece)
        if chunk and size + length > largest:
            yield chunk
            chunk, size = [], 0
        chunk.append(piece)
        size += length
    if chunk:
        yield chunk


def _pieces(whole: Range, largest: int) -> Iterator[Range]:
    if len(whole.values) == 1 or _length(whole) <= largest // 4:
        yield whole
        return
    middle = len(whole.values) // 2
    yield from _pieces(Range(whole.row, whole.column, whole.values[:middle]), largest)
    yield from _pieces(Range(whole.row + middle, whole.column, whole.values[middle:]), largest)


def _length(found: Range) -> int:
    return len(json.dumps(found.values)) + 100


def _value_range(title: str, found: Range) -> dict[str, Any]:
    cells = rectangle(
        found.row, found.column, len(found.values), max(len(row) for row in found.values)
    )
    return {
        "range": in_tab(title, cells),
        "majorDimension": "ROWS",
        "values": found.values,
    }
