"""What led to a run, and what came of it, as a drawing of boxes from left to right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from app.reads.shapes import RunDetail
from app.related_runs import RelatedRuns
from app.views import RunView

# More boxes than this are a table's affair, which stands below.
MOST = 6
BOX, GAP = 34, 10
WIDTH, BETWEEN = 29, 6.5


@dataclass(frozen=True)
class Box:
    """One run, or how many more there are (without a run id); across in percent, down in pixels."""

    x: float
    y: int
    run_id: str
    label: str
    status: str


@dataclass(frozen=True)
class Graph:
    """`lines` lead from the right edge of one box to the left edge of another."""

    boxes: tuple[Box, ...]
    lines: tuple[tuple[float, int, float, int], ...]
    height: int
    summary: str
    width: float = WIDTH
    box: int = BOX


def draw(run: RunView, detail: RunDetail) -> Graph | None:
    """Lay the graph out; None where a run stands alone."""
    before = [*_parent(detail.parent), *_listed(detail.dependencies)]
    after = _listed(detail.children)
    if not before and not after:
        return None
    columns = [column for column in (before, [_entry(run)], after) if column]
    tallest = max(len(column) for column in columns)
    height = tallest * (BOX + GAP) - GAP
    placed = [
        [_box(entry, number, row, len(column), height) for row, entry in enumerate(column)]
        for number, column in enumerate(columns)
    ]
    lines = tuple(
        (left.x + WIDTH, left.y + BOX // 2, right.x, right.y + BOX // 2)
        for one, next_one in pairwise(placed)
        for left in one
        for right in next_one
    )
    boxes = tuple(box for column in placed for box in column)
    return Graph(boxes, lines, height, f"{len(before)} before it, {len(after)} after it")


Entry = tuple[str, str, str]


def _entry(run: RunView) -> Entry:
    return run.run_id, run.task_id, run.status


def _parent(parent: RunView | None) -> Iterable[Entry]:
    return [_entry(parent)] if parent is not None else []


def _listed(related: RelatedRuns) -> list[Entry]:
    shown = [(one.run_id, one.task_id, one.status) for one in related.runs]
    if related.total <= MOST:
        return shown[:MOST]
    return [*shown[: MOST - 1], ("", f"{related.total - MOST + 1} more", "")]


def _box(entry: Entry, column: int, row: int, rows: int, height: int) -> Box:
    run_id, label, status = entry
    own = rows * (BOX + GAP) - GAP
    y = (height - own) // 2 + row * (BOX + GAP)
    return Box(column * (WIDTH + BETWEEN), y, run_id, label, status)
