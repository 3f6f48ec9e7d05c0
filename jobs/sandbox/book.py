"""A spreadsheet in memory: sheets, each a grid of limited size."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from jobs.sandbox import a1
from jobs.sandbox.a1 import Area
from jobs.sandbox.cells import Cell
from jobs.sandbox.errors import invalid

MOST_CELLS = 10_000_000
MOST_COLUMNS = 18_278
MOST_SHEETS = 200


@dataclass
class Sheet:
    """One tab. `cells` holds rows of any length; what is missing is empty."""

    sheet_id: int
    title: str
    rows: int = 1000
    columns: int = 26
    cells: list[list[Cell]] = field(default_factory=list)

    def properties(self, index: int) -> dict[str, Any]:
        return {
            "sheetId": self.sheet_id,
            "title": self.title,
            "index": index,
            "sheetType": "GRID",
            "gridProperties": {"rowCount": self.rows, "columnCount": self.columns},
        }

    def bounds(self, area: Area, text: str) -> tuple[int, int, int, int]:
        """Return the area within the grid. Raises ApiError when it starts or ends outside."""
        end_row = self.rows if area.end_row is None else area.end_row
        end_column = self.columns if area.end_column is None else area.end_column
        if end_row > self.rows or end_column > self.columns or area.row >= self.rows:
            raise invalid(
                f"Range ({text}) exceeds grid limits. Max rows: {self.rows}, "
                f"max columns: {self.columns}"
            )
        return area.row, area.column, end_row, end_column

    def get(self, row: int, column: int) -> Cell:
        cells = self.cells[row] if row < len(self.cells) else []
        return cells[column] if column < len(cells) else ""

    def put(self, row: int, column: int, value: Cell) -> None:
        self.cells += [[] for _ in range(row + 1 - len(self.cells))]
        cells = self.cells[row]
        cells += [""] * (column + 1 - len(cells))
        cells[column] = value

    def name_of(self, bounds: tuple[int, int, int, int]) -> str:
        return a1.written(self.title, *bounds)


@dataclass
class Book:
    """One spreadsheet. `shared_with` holds the accounts that may read and write it."""

    spreadsheet_id: str
    title: str
    shared_with: list[str]
    sheets: list[Sheet]

    def by_title(self, text: str) -> tuple[Sheet, Area]:
        """Return the sheet and the area that a range names."""
        title, area = a1.split(text, [sheet.title for sheet in self.sheets])
        return next(sheet for sheet in self.sheets if sheet.title == title), area

    def by_id(self, sheet_id: object, where: str) -> Sheet:
        for sheet in self.sheets:
            if sheet.sheet_id == sheet_id and not isinstance(sheet_id, bool):
                return sheet
        raise invalid(f"Invalid {where}: No grid with id: {sheet_id}")

    def check_size(self, where: str) -> None:
        if sum(sheet.rows * sheet.columns for sheet in self.sheets) > MOST_CELLS:
            raise invalid(
                f"Invalid {where}: This action would increase the number of cells in the workbook "
                f"above the limit of {MOST_CELLS} cells."
            )
        if any(sheet.columns > MOST_COLUMNS for sheet in self.sheets):
            raise invalid(f"Invalid {where}: a sheet has at most {MOST_COLUMNS} columns")

    def copied(self) -> Book:
        """Return a copy whose cells can be changed without changing these."""
        sheets = [
            replace(sheet, cells=[cells[:] for cells in sheet.cells]) for sheet in self.sheets
        ]
        return replace(self, sheets=sheets)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Book:
        sheets = [Sheet(**sheet) for sheet in stored["sheets"]]
        return cls(stored["spreadsheet_id"], stored["title"], stored["shared_with"], sheets)
