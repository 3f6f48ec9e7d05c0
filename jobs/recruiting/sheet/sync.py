"""Makes the sheet right: read, plan, write where nothing moved meanwhile, and look once more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app import Conflict, progress
from jobs.recruiting.sheet.anchors import Anchors
from jobs.recruiting.sheet.blocks import blocks
from jobs.recruiting.sheet.cells import Cells
from jobs.recruiting.sheet.grid import Grid
from jobs.recruiting.sheet.plan import Plan, check_removals, make_plan
from jobs.services.a1 import column_letters
from jobs.services.google_sheets import Range, Spreadsheet, Tab, chunks

MOST_TRIES = 3
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Synchronised:
    """The first plan, which says what was wrong; the hashes of what the sheet holds now; and how
    many cells somebody changed while we wrote, which were written again."""

    plan: Plan
    hashes: Mapping[int, str]
    rewritten: int = 0


class SheetSync:
    """One pass over one tab. `may_write` is asked before every write and raises to stop it."""

    def __init__(
        self,
        spreadsheet: Spreadsheet,
        title: str,
        wanted: Mapping[int, Cells],
        *,
        now: datetime,
        allow_removals: bool = False,
        may_write: Callable[[], None] = lambda: None,
    ) -> None:
        self.spreadsheet = spreadsheet
        self.title = title
        self.wanted = wanted
        self.now = now
        self.allow_removals = allow_removals
        self.may_write = may_write

    def run(self, known: Mapping[int, str]) -> Synchronised:
        """Bring the tab in line; `known` is what the last pass wrote.

        Never clears, never appends: every write names its cells, so that repeating it after a
        lost answer changes nothing. Raises Conflict when the sheet is not safe to write to.
        """
        progress(0, len(self.wanted), "reading the sheet")
        tab = self._tab()
        first: Plan | None = None
        for attempt in range(1, MOST_TRIES + 1):
            grid, plan = self._look(known)
            first = first or plan
            if self._write(tab, grid, plan):
                return self._verified(first, plan)
            log.info(
                "The sheet changed before it was written (attempt %d); reading it again", attempt
            )
        raise Conflict(
            f"Somebody moved rows or columns of the sheet {MOST_TRIES} times while it was being "
            "brought up to date. The next run continues."
        )

    def _tab(self) -> Tab:
        tab = self.spreadsheet.tab(self.title)
        if tab is None:
            self.may_write()
            log.info("The spreadsheet has no tab “%s” yet: adding it", self.title)
            self.spreadsheet.add_tab(self.title)
            tab = self.spreadsheet.tab(self.title)
        if tab is None:
            raise Conflict(f"The tab “{self.title}” was removed right after it was added.")
        return tab

    def _look(self, known: Mapping[int, str]) -> tuple[Grid, Plan]:
        grid = Grid(self.spreadsheet.read(self.title))
        plan = make_plan(self.wanted, known, grid, self.now)
        if not self.allow_removals:
            check_removals(plan)
        return grid, plan

    def _write(self, tab: Tab, grid: Grid, plan: Plan) -> bool:
        """Write the plan; False when the sheet is not as it was read any more."""
        if not plan.writes:
            return True
        self.may_write()
        self.spreadsheet.grow(tab, plan.last_row, plan.last_column + 1)
        anchors = Anchors.of(grid, plan.layout)
        ranges = [Range(b.row, b.column, b.values) for b in blocks(plan.writes)]
        total, done = len(plan.writes), 0
        for chunk in chunks(ranges):
            self.may_write()
            if not self._in_place(anchors):
                return False
            self.spreadsheet.write(self.title, chunk)
            for written in chunk:
                anchors.expect(written)
                done += sum(len(values) for values in written.values)
            progress(done, total, f"{done:,} of {total:,} cells written")
        return True

    def _in_place(self, anchors: Anchors) -> bool:
        column = column_letters(anchors.key_column)
        header, keys = self.spreadsheet.read_ranges(self.title, "1:1", f"{column}:{column}")
        return anchors.match(
            header[0] if header else [], [cells[0] if cells else "" for cells in keys]
        )

    def _verified(self, first: Plan, written: Plan) -> Synchronised:
        """Look whether all arrived where it belongs; write once more what did not."""
        if not written.writes:
            return Synchronised(first, written.hashes)
        grid, again = self._look(written.hashes)
        if again.writes and not self._write(self._tab(), grid, again):
            log.warning("The sheet is being changed right now; the next run puts it in order")
        return Synchronised(first, again.hashes, len(again.writes))
