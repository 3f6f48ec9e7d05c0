"""Who works in the sheet by hand: types, sorts, moves, adds."""

from __future__ import annotations

from typing import Any

from jobs.recruiting.sheet.cells import TAB
from jobs.sandbox.book import Sheet
from jobs.sandbox.server import Sandbox
from jobs.services.google_sheets import Cell, Spreadsheet


class Person:
    """Edits through the same protocol a browser's edits end up in: values as if typed."""

    def __init__(self, spreadsheet: Spreadsheet, sandbox: Sandbox) -> None:
        self.spreadsheet = spreadsheet
        self.sandbox = sandbox

    def type(self, a1: str, *rows: list[Cell]) -> None:
        """Type rows of cells from `a1` on."""
        self.spreadsheet.http.values_update(
            self.spreadsheet.spreadsheet_id,
            f"{TAB}!{a1}",
            {"valueInputOption": "USER_ENTERED"},
            {"values": list(rows)},
        )

    def move_columns(self, start: int, end: int, to: int) -> None:
        self._move("COLUMNS", start, end, to)

    def move_rows(self, start: int, end: int, to: int) -> None:
        self._move("ROWS", start, end, to)

    def insert_rows(self, start: int, end: int) -> None:
        span = {"sheetId": self.sheet.sheet_id, "dimension": "ROWS"}
        span |= {"startIndex": start, "endIndex": end}
        self._do({"insertDimension": {"range": span}})

    def delete_columns(self, start: int, end: int) -> None:
        span = {"sheetId": self.sheet.sheet_id, "dimension": "COLUMNS"}
        span |= {"startIndex": start, "endIndex": end}
        self._do({"deleteDimension": {"range": span}})

    def rows(self) -> list[list[Cell]]:
        """Look at the tab as it is stored, header first, without empty ends."""
        found = [list(cells) for cells in self.sheet.cells]
        for cells in found:
            while cells and cells[-1] == "":
                cells.pop()
        while found and not found[-1]:
            found.pop()
        return found

    def column(self, header: str) -> list[Cell]:
        """Look at the cells below a header."""
        rows = self.rows()
        place = rows[0].index(header)
        return [cells[place] if place < len(cells) else "" for cells in rows[1:]]

    @property
    def sheet(self) -> Sheet:
        book = self.sandbox.app.library.read(self.spreadsheet.spreadsheet_id)
        return next(sheet for sheet in book.sheets if sheet.title == TAB)

    def _move(self, dimension: str, start: int, end: int, to: int) -> None:
        source = {"sheetId": self.sheet.sheet_id, "dimension": dimension}
        source |= {"startIndex": start, "endIndex": end}
        self._do({"moveDimension": {"source": source, "destinationIndex": to}})

    def _do(self, request: dict[str, Any]) -> None:
        self.spreadsheet.http.batch_update(self.spreadsheet.spreadsheet_id, {"requests": [request]})
