"""The Sheets API's `spreadsheets.values` collection.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values
"""

from __future__ import annotations

from typing import Any

from jobs.sandbox import a1
from jobs.sandbox.a1 import Area
from jobs.sandbox.book import Book, Sheet
from jobs.sandbox.cells import given_out, taken_in
from jobs.sandbox.errors import invalid
from jobs.sandbox.request import choice, fields

DIMENSIONS = ("ROWS", "COLUMNS")
DATE_OPTIONS = ("SERIAL_NUMBER", "FORMATTED_STRING")
VALUE_RANGE = ("range", "majorDimension", "values")


def read_range(
    book: Book, text: str, render: str = "FORMATTED_VALUE", dimension: str = "ROWS"
) -> dict[str, Any]:
    """Return a ValueRange. Empty rows and cells at the end are left out, as is `values` when
    nothing is left (…/spreadsheets.values#ValueRange)."""
    sheet, area = book.by_title(text)
    bounds = sheet.bounds(_clipped(sheet, area), text)
    row, column, end_row, end_column = bounds
    values = [
        [given_out(sheet.get(r, c), render) for c in range(column, end_column)]
        for r in range(row, min(end_row, len(sheet.cells)))
    ]
    if dimension == "COLUMNS":
        values = [list(line) for line in zip(*values, strict=True)]
    trimmed = _trimmed(values)
    found: dict[str, Any] = {"range": sheet.name_of(bounds), "majorDimension": dimension}
    return found | ({"values": trimmed} if trimmed else {})


def _clipped(sheet: Sheet, area: Area) -> Area:
    """A read may end outside of the grid, but not begin there."""
    end_row = None if area.end_row is None else min(area.end_row, sheet.rows)
    end_column = None if area.end_column is None else min(area.end_column, sheet.columns)
    if area.row >= sheet.rows or area.column >= sheet.columns:
        end_row = end_row if area.row < sheet.rows else area.row + 1
        end_column = end_column if area.column < sheet.columns else area.column + 1
    return Area(area.row, area.column, end_row, end_column, area.is_single_cell)


def _trimmed(values: list[list[Any]]) -> list[list[Any]]:
    lines = []
    for line in values:
        while line and line[-1] == "":
            line.pop()
        lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def write_range(
    book: Book, text: str, found: object, option: str, where: str = "data"
) -> dict[str, Any]:
    """Write a ValueRange and return an UpdateValuesResponse. null leaves a cell as it is, ""
    empties it; values that do not fit into the range are refused."""
    value_range = fields(found, VALUE_RANGE, where)
    named = value_range.get("range")
    if named is not None and named != text:
        raise invalid(
            f"Requested writing within range [{text}], but the body names range [{named}]"
        )
    dimension = choice(value_range.get("majorDimension"), DIMENSIONS, "majorDimension", "ROWS")
    lines = _lines(value_range.get("values", []), where)
    if dimension == "COLUMNS":
        width = max((len(line) for line in lines), default=0)
        padded = [[*line, *[None] * (width - len(line))] for line in lines]
        lines = [list(line) for line in zip(*padded, strict=True)]
    sheet, area = book.by_title(text)
    bounds = _target(sheet, area, lines, text)
    row, column = bounds[0], bounds[1]
    taken = [[taken_in(value, option, where) for value in line] for line in lines]
    for r, line in enumerate(taken):
        for c, value in enumerate(line):
            if value is not None:
                sheet.put(row + r, column + c, value)
    return _updated(book, sheet, bounds, lines)


def _lines(values: object, where: str) -> list[list[Any]]:
    if not isinstance(values, list) or not all(isinstance(line, list) for line in values):
        raise invalid(f"Invalid value at '{where}.values': a list of lists is needed")
    return values


def _target(
    sheet: Sheet, area: Area, lines: list[list[Any]], text: str
) -> tuple[int, int, int, int]:
    height, width = len(lines), max((len(line) for line in lines), default=0)
    if area.is_single_cell:
        # A single cell is where the values begin.
        area = Area(
            area.row, area.column, area.row + max(1, height), area.column + max(1, width), False
        )
    row, column, end_row, end_column = sheet.bounds(area, text)
    if row + height > end_row:
        raise invalid(
            f"Requested writing within range [{text}], but tried writing to row [{end_row + 1}]"
        )
    if column + width > end_column:
        raise invalid(
            f"Requested writing within range [{text}], but tried writing to column "
            f"[{a1.letters(end_column)}]"
        )
    return row, column, row + max(1, height), column + max(1, width)


def _updated(
    book: Book, sheet: Sheet, bounds: tuple[int, int, int, int], lines: list[list[Any]]
) -> dict[str, Any]:
    return {
        "spreadsheetId": book.spreadsheet_id,
        "updatedRange": sheet.name_of(bounds),
        "updatedRows": len(lines),
        "updatedColumns": max((len(line) for line in lines), default=0),
        "updatedCells": sum(value is not None for line in lines for value in line),
    }


def append(book: Book, text: str, found: object, option: str, insert: str) -> dict[str, Any]:
    """Write below the table that the range touches (…/spreadsheets.values/append): after its
    last row, from its first column on. The grid grows where it has to."""
    sheet, area = book.by_title(text)
    lines = _lines(fields(found, VALUE_RANGE, "data").get("values", []), "data")
    last = _last_row_of_table(sheet, area)
    row = last + 1
    if insert == "INSERT_ROWS" and row < len(sheet.cells):
        sheet.cells[row:row] = [[] for _ in lines]
        sheet.rows += len(lines)
    width = max((len(line) for line in lines), default=0)
    sheet.rows = max(sheet.rows, row + len(lines))
    sheet.columns = max(sheet.columns, area.column + width)
    book.check_size("data")
    target = sheet.name_of(
        (row, area.column, row + max(1, len(lines)), area.column + max(1, width))
    )
    updates = write_range(book, target, {"values": lines}, option)
    return {"spreadsheetId": book.spreadsheet_id, "tableRange": text, "updates": updates}


def _last_row_of_table(sheet: Sheet, area: Area) -> int:
    row = area.row
    if not _used(sheet, row):
        return row - 1 if row == 0 else _last_used_before(sheet, row)
    while _used(sheet, row + 1):
        row += 1
    return row


def _last_used_before(sheet: Sheet, row: int) -> int:
    while row >= 0 and not _used(sheet, row):
        row -= 1
    return row


def _used(sheet: Sheet, row: int) -> bool:
    return row < len(sheet.cells) and any(cell != "" for cell in sheet.cells[row])


def clear(book: Book, text: str) -> str:
    """Empty a range and return it as the answer names it (…/spreadsheets.values/clear)."""
    sheet, area = book.by_title(text)
    bounds = sheet.bounds(area, text)
    row, column, end_row, end_column = bounds
    for cells in sheet.cells[row:end_row]:
        cells[column:end_column] = [""] * len(cells[column:end_column])
    return sheet.name_of(bounds)
