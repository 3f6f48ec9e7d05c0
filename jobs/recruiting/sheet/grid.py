"""What the sheet holds now: a header, rows, and where the managed columns stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app import Conflict
from jobs.recruiting.sheet.cells import KEY, MANAGED, Cell, Cells


@dataclass(frozen=True)
class Grid:
    """A tab's values as they were read; row 1 is the header. Rows may be of any length."""

    rows: Sequence[Sequence[Cell]] = ()

    @property
    def header(self) -> Sequence[Cell]:
        return self.rows[0] if self.rows else ()

    @property
    def width(self) -> int:
        return max((len(row) for row in self.rows), default=0)

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell of `row` (1 is the header) and `column` (0 is A)."""
        cells = self.rows[row - 1] if row <= len(self.rows) else ()
        return cells[column] if column < len(cells) else ""


@dataclass(frozen=True)
class Layout:
    """Where each managed column stands (0 is A), which of them are new, which headers double."""

    columns: Mapping[str, int]
    added: Sequence[str] = ()
    doubled: Sequence[str] = field(default=())

    def cells(self, grid: Grid, row: int) -> Cells:
        """Return the managed cells of a row."""
        return {name: grid.cell(row, column) for name, column in self.columns.items()}


def header_name(cell: Cell) -> str:
    """Return a header as a managed name would be written: case and spaces do not matter."""
    return "_".join(str(cell).casefold().replace("_", " ").replace("-", " ").split())


def lay_out(grid: Grid) -> Layout:
    """Find the managed columns by name; those that are missing go to the right of everything.

    Raises Conflict when the key column is gone while others and data are still there: all
    candidates would be written a second time.
    """
    columns: dict[str, int] = {}
    doubled = []
    for place, cell in enumerate(grid.header):
        name = header_name(cell)
        if name in MANAGED and name in columns:
            doubled.append(name)
        elif name in MANAGED:
            columns[name] = place
    if KEY not in columns and len(columns) > 1 and len(grid.rows) > 1:
        raise Conflict(
            f"The sheet has lost its column “{KEY}”, by which its rows are known. Put that header "
            "back over the numbers (or undo its removal), or empty the sheet to have it written "
            "anew. Nothing was written."
        )
    added = [name for name in MANAGED if name not in columns]
    columns |= {name: grid.width + offset for offset, name in enumerate(added)}
    return Layout(columns, tuple(added), tuple(doubled))
