"""By what a row and a column are found again: the header and the key column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.recruiting.sheet.cells import KEY, Cell
from jobs.recruiting.sheet.grid import Grid, Layout
from jobs.services.google_sheets import Range


@dataclass
class Anchors:
    """The first row, and the key column from row 1 on. A person who sorts, inserts or moves
    anything that matters to us changes one of them."""

    key_column: int
    header: list[Cell]
    keys: list[Cell]

    @classmethod
    def of(cls, grid: Grid, layout: Layout) -> Anchors:
        column = layout.columns[KEY]
        keys = [grid.cell(row, column) for row in range(1, len(grid.rows) + 1)]
        return cls(column, list(grid.header), keys)

    def match(self, header: Sequence[Cell], keys: Sequence[Cell]) -> bool:
        """Tell whether the sheet still is as expected."""
        return _trimmed(header) == _trimmed(self.header) and _trimmed(keys) == _trimmed(self.keys)

    def expect(self, written: Range) -> None:
        """Take in what we wrote ourselves."""
        for offset, values in enumerate(written.values):
            row = written.row + offset
            if row == 1:
                _put(self.header, written.column, values)
            place = self.key_column - written.column
            if 0 <= place < len(values):
                _put(self.keys, row - 1, values[place : place + 1])


def _put(cells: list[Cell], place: int, values: Sequence[Cell]) -> None:
    cells += [""] * (place - len(cells))
    cells[place : place + len(values)] = values


def _trimmed(cells: Sequence[Cell]) -> list[Cell]:
    trimmed = list(cells)
    while trimmed and trimmed[-1] == "":
        trimmed.pop()
    return trimmed
