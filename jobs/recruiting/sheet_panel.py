"""The panel that shows what the Google Sheet holds now."""

from __future__ import annotations

from datetime import UTC, datetime

from app import Figure, Invalid, Panel, PanelContent, PanelTable, Skip
from jobs.recruiting.sheet.cells import KEY, REMOVED, TAB
from jobs.recruiting.sheet.grid import Grid, header_name
from jobs.services.google_sheets import open_spreadsheet
from jobs.services.retrying import Patience

ROWS_SHOWN = 20
COLUMNS_SHOWN = 30
LONGEST_TEXT = 80
# Somebody is looking: better a quick "away" than a page that waits for minutes.
PATIENCE = Patience(attempts=2, first_delay=0.3, budget=3.0)
TIMEOUT = (2.0, 8.0)


def _render() -> PanelContent:
    try:
        spreadsheet = open_spreadsheet(PATIENCE, TIMEOUT)
        if spreadsheet.tab(TAB) is None:
            return PanelContent(
                note=f"The spreadsheet has no tab “{TAB}” yet: the first sync adds it. "
                f"{spreadsheet.url}",
                as_of=datetime.now(UTC),
            )
        grid = Grid(spreadsheet.read(TAB))
    except Skip as skip:
        return PanelContent(note=f"The sheet is {skip}.")
    except Invalid as error:
        return PanelContent(note=str(error))
    return _content(grid, spreadsheet.url)


def _content(grid: Grid, url: str) -> PanelContent:
    names = [header_name(cell) for cell in grid.header]
    candidates = [row for row in range(2, len(grid.rows) + 1) if _cell(grid, names, row, KEY)]
    removed = sum(bool(_cell(grid, names, row, REMOVED)) for row in candidates)
    width = min(grid.width, COLUMNS_SHOWN)
    shown = range(2, min(len(grid.rows), ROWS_SHOWN + 1) + 1)
    return PanelContent(
        figures=(
            Figure("Candidates", f"{len(candidates) - removed:,}", "rows with a candidate_id"),
            Figure("Marked as removed", f"{removed:,}", "no longer in the database"),
        ),
        table=PanelTable(
            columns=[_text(grid.cell(1, column)) for column in range(width)],
            rows=[[_text(grid.cell(row, c)) for c in range(width)] for row in shown],
            total=max(0, len(grid.rows) - 1),
        ),
        note=url,
        as_of=datetime.now(UTC),
    )


def _cell(grid: Grid, names: list[str], row: int, name: str) -> str:
    return str(grid.cell(row, names.index(name))) if name in names else ""


def _text(cell: object) -> str:
    text = str(cell)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


sheet_panel = Panel(
    name="sheet",
    title="Google Sheet",
    description="What the candidates' sheet holds right now, read from Google Sheets.",
    render=_render,
)
