"""What to write so that the sheet is right: pure, from what it holds and what it should hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app import Conflict
from jobs.recruiting.sheet.cells import (
    KEY,
    REMOVED,
    Cell,
    Cells,
    content_hash,
    same,
    same_layout,
    when,
)
from jobs.recruiting.sheet.grid import Grid, Layout, lay_out

MOST_REMOVALS = 10
LARGEST_REMOVED_SHARE = 0.2


@dataclass
class Plan:
    """Cells to write, by (row, column), and what they amount to.

    `hashes` is what the sheet holds of each candidate once the plan is written; `live` counts
    the rows of candidates that were not marked as removed before.
    """

    layout: Layout
    writes: dict[tuple[int, int], Cell] = field(default_factory=dict)
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    drifted: int = 0
    conflicts: list[str] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    last_row: int = 0
    live: int = 0

    @property
    def last_column(self) -> int:
        return max(self.layout.columns.values(), default=-1)


def make_plan(
    wanted: Mapping[int, Cells], known: Mapping[int, str], grid: Grid, now: datetime
) -> Plan:
    """Compare what the sheet should hold with `grid`.

    `known` holds the hash of what was last written for each candidate: a row that is neither
    that nor what is wanted was edited by hand (`drifted`). Rows and columns of other people are
    never part of a plan. Raises Conflict when the key column is gone.
    """
    plan = Plan(lay_out(grid), last_row=max(1, len(grid.rows)))
    for name in plan.layout.added:
        plan.writes[1, plan.layout.columns[name]] = name
    plan.conflicts += [f"two columns are named “{name}”" for name in plan.layout.doubled]
    rows = _rows_by_candidate(wanted, grid, plan)
    removed_at = plan.layout.columns[REMOVED]
    plan.live = sum(grid.cell(row, removed_at) == "" for row in rows.values())
    for candidate_id, cells in wanted.items():
        if candidate_id in rows:
            _correct(candidate_id, cells, rows[candidate_id], known, grid, plan)
        else:
            _insert(candidate_id, cells, plan)
    for candidate_id, row in rows.items():
        if candidate_id not in wanted:
            _mark_removed(row, grid, plan, now)
    return plan


def check_removals(plan: Plan) -> None:
    """Refuse a plan that would mark suspiciously many rows as removed. Raises Conflict."""
    most = max(MOST_REMOVALS, int(plan.live * LARGEST_REMOVED_SHARE))
    if plan.removed > most:
        raise Conflict(
            f"{plan.removed} of the sheet's {plan.live} candidates are not in the database any "
            f"more; at most {most} are marked as removed at once. If that is right, run the task "
            "with allow_removals = true. Nothing was written."
        )


def _rows_by_candidate(wanted: Mapping[int, Cells], grid: Grid, plan: Plan) -> dict[int, int]:
    """Return the row of each candidate id; the first one counts, others are conflicts."""
    rows: dict[int, int] = {}
    lost: list[int] = []
    column = plan.layout.columns[KEY]
    for row in range(2, len(grid.rows) + 1):
        candidate_id = _candidate_id(grid.cell(row, column))
        if candidate_id is None:
            lost.append(row)
        elif candidate_id in rows:
            plan.conflicts.append(
                f"rows {rows[candidate_id]} and {row} both hold candidate {candidate_id}; "
                f"row {rows[candidate_id]} is kept up to date"
            )
        else:
            rows[candidate_id] = row
    _adopt(wanted, rows, lost, grid, plan)
    return rows


def _candidate_id(cell: Cell) -> int | None:
    text = str(cell).strip().removesuffix(".0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _adopt(
    wanted: Mapping[int, Cells], rows: dict[int, int], lost: list[int], grid: Grid, plan: Plan
) -> None:
    """Recognise rows whose id was overwritten by their e-mail, so that they are mended."""
    email = plan.layout.columns["email"]
    missing = {cells["email"]: i for i, cells in wanted.items() if i not in rows and cells["email"]}
    for row in lost:
        candidate_id = missing.pop(grid.cell(row, email), None)
        if candidate_id is not None:
            rows[candidate_id] = row
        elif grid.cell(row, plan.layout.columns[KEY]) != "":
            plan.conflicts.append(f"row {row} holds no candidate id, but something else")


def _correct(
    candidate_id: int, cells: Cells, row: int, known: Mapping[int, str], grid: Grid, plan: Plan
) -> None:
    present = plan.layout.cells(grid, row)
    wrong = [name for name, cell in cells.items() if not same(cell, present[name])]
    plan.hashes[candidate_id] = content_hash(cells)
    if not wrong:
        plan.unchanged += 1
        return
    for name in wrong:
        plan.writes[row, plan.layout.columns[name]] = cells[name]
    last = known.get(candidate_id)
    edited = last is not None and same_layout(last) and content_hash(present) != last
    changed = last != plan.hashes[candidate_id]
    plan.drifted += edited
    plan.updated += changed or not edited


def _insert(candidate_id: int, cells: Cells, plan: Plan) -> None:
    plan.last_row += 1
    plan.inserted += 1
    plan.hashes[candidate_id] = content_hash(cells)
    for name, cell in cells.items():
        plan.writes[plan.last_row, plan.layout.columns[name]] = cell


def _mark_removed(row: int, grid: Grid, plan: Plan, now: datetime) -> None:
    column = plan.layout.columns[REMOVED]
    if grid.cell(row, column) == "":
        plan.removed += 1
        plan.writes[row, column] = when(now)
