"""Single cells to write, gathered into as few rectangles as they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from jobs.recruiting.sheet.cells import Cell


@dataclass
class Block:
    """A rectangle of cells. `row` is from 1, `column` from 0."""

    row: int
    column: int
    values: list[list[Cell]]

    @property
    def width(self) -> int:
        return len(self.values[0])


def blocks(writes: Mapping[tuple[int, int], Cell]) -> list[Block]:
    """Gather cells: neighbours in a row first, then equal spans in the rows below."""
    open_blocks: dict[tuple[int, int], Block] = {}
    finished: list[Block] = []
    for run in _runs(writes):
        span = (run.column, run.width)
        above = open_blocks.get(span)
        if above and above.row + len(above.values) == run.row:
            above.values += run.values
        else:
            open_blocks[span] = run
            finished.append(run)
    return finished


def _runs(writes: Mapping[tuple[int, int], Cell]) -> Iterator[Block]:
    for row, cells in groupby(sorted(writes), key=lambda place: place[0]):
        run: Block | None = None
        for _, column in cells:
            if run and run.column + run.width == column:
                run.values[0].append(writes[row, column])
            else:
                if run:
                    yield run
                run = Block(row, column, [[writes[row, column]]])
        if run:
            yield run
