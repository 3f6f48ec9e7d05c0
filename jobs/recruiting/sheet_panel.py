"""The panel that shows what the Google Sheet holds now."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from app import Figure, Invalid, Panel, PanelContent, PanelTable, Skip
from jobs.recruiting.sheet.cells import KEY, REMOVED, TAB
from jobs.recruiting.sheet.grid import Grid, header_name
from jobs.services.a1 import column_letters
from jobs.services.google_sheets import Spreadsheet, open_spreadsheet
from jobs.services.retrying import Patience

ROWS_SHOWN = 20
COLUMNS_SHOWN = 30
LONGEST_TEXT = 80
# Somebody is looking: better a quick "away" than a page that waits for minutes.
PATIENCE = Patience(attempts=2, first_delay=0.3, budget=3.0)
TIMEOUT = (2.0, 8.0)


def _render() -> PanelContent:
    try:
        with closing(open_spreadsheet(PATIENCE, TIMEOUT)) as spreadsheet:
            if spreadsheet.tab(TAB) is None:
                note = f"There is no tab “{TAB}” yet: the first sync adds it. {spreadsheet.url}"
                return PanelContent(note=note, as_of=datetime.now(UTC))
            return _content(spreadsheet)
    except Skip as skip:
        return PanelContent(note=f"The sheet is {skip}.")
    except Invalid as error:
        return PanelContent(note=str(error))


def _content(spreadsheet: Spreadsheet) -> PanelContent:
    """Read the first rows whole, of the others only what is counted."""
    grid = Grid(spreadsheet.read(TAB, f"1:{ROWS_SHOWN + 1}"))
    names = [header_name(cell) for cell in grid.header]
    keys, removed = _columns(spreadsheet, names, KEY, REMOVED)
    width = min(grid.width, COLUMNS_SHOWN)
    return PanelContent(
        figures=(
            Figure("Candidates", f"{keys - removed:,}", "rows with a candidate_id"),
            Figure("Marked as removed", f"{removed:,}", "no longer in the database"),
        ),
        table=PanelTable(
            columns=[_text(grid.cell(1, column)) for column in range(width)],
            rows=[[_text(grid.cell(row, c)) for c in range(width)] for row in _rows(grid)],
            total=max(keys, len(grid.rows) - 1, 0),
        ),
        note=spreadsheet.url,
        as_of=datetime.now(UTC),
    )


def _columns(spreadsheet: Spreadsheet, names: list[str], *wanted: str) -> list[int]:
    """Return how many cells are filled below each wanted header; 0 where it is missing."""
    if any(name not in names for name in wanted):
        return [0 for _ in wanted]
    columns = [column_letters(names.index(name)) for name in wanted]
    found = spreadsheet.read_ranges(TAB, *(f"{letters}:{letters}" for letters in columns))
    return [sum(bool(cells) and cells[0] != "" for cells in column[1:]) for column in found]


def _rows(grid: Grid) -> range:
    return range(2, min(len(grid.rows), ROWS_SHOWN + 1) + 1)


def _text(cell: object) -> str:
    text = str(cell)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


sheet_panel = Panel(
    name="sheet",
    title="Google Sheet",
    description="What the candidates' sheet holds right now, read from Google Sheets.",
    render=_render,
    filled_by="sync_to_sheets",
)
