"""The request kinds of `spreadsheets.batchUpdate` that this sandbox knows.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/batchUpdate: all
or nothing, one reply for each request, an empty one where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jobs.sandbox.book import MOST_SHEETS, Book, Sheet
from jobs.sandbox.errors import invalid
from jobs.sandbox.request import choice, fields

Reply = dict[str, Any]
DIMENSIONS = ("ROWS", "COLUMNS")


def apply(book: Book, requests: object) -> list[Reply]:
    """Apply every request to `book` and return the replies. Raises ApiError for the first bad
    one; the caller then drops the book."""
    if not isinstance(requests, list) or not requests:
        raise invalid("Must specify at least one request.")
    return [_one(book, request, f"requests[{n}]") for n, request in enumerate(requests)]


def _one(book: Book, request: object, where: str) -> Reply:
    found = fields(request, KINDS, where)
    if len(found) != 1:
        raise invalid(f"Invalid {where}: exactly one kind of request is needed")
    kind, content = next(iter(found.items()))
    where = f"{where}.{kind}"
    reply = KINDS[kind](book, content, where)
    book.check_size(where)
    return reply


def _add_sheet(book: Book, content: object, where: str) -> Reply:
    """…/batchUpdate#AddSheetRequest"""
    asked = fields(content, ("properties",), where).get("properties", {})
    properties = fields(asked, ("title", "sheetId", "gridProperties"), where)
    grid = fields(
        properties.get("gridProperties", {}), ("rowCount", "columnCount"), f"{where}.gridProperties"
    )
    title = properties.get("title") or f"Sheet{len(book.sheets) + 1}"
    _check_title(book, title, where)
    if len(book.sheets) >= MOST_SHEETS:
        raise invalid(f"Invalid {where}: a spreadsheet has at most {MOST_SHEETS} sheets")
    taken = {sheet.sheet_id for sheet in book.sheets}
    sheet_id = properties.get("sheetId", max(taken) + 1)
    if sheet_id in taken:
        raise invalid(f"Invalid {where}: sheet ID {sheet_id} already exists")
    sheet = Sheet(sheet_id, title, grid.get("rowCount", 1000), grid.get("columnCount", 26))
    book.sheets.append(sheet)
    return {"addSheet": {"properties": sheet.properties(len(book.sheets) - 1)}}


def _check_title(book: Book, title: str, where: str) -> None:
    if any(sheet.title.casefold() == title.casefold() for sheet in book.sheets):
        raise invalid(
            f'Invalid {where}: A sheet with the name "{title}" already exists. '
            "Please enter another name."
        )


def _update_sheet_properties(book: Book, content: object, where: str) -> Reply:
    """…/batchUpdate#UpdateSheetPropertiesRequest, for the fields title, rowCount, columnCount."""
    found = fields(content, ("properties", "fields"), where)
    properties = fields(found.get("properties"), ("sheetId", "title", "gridProperties"), where)
    sheet = book.by_id(properties.get("sheetId"), where)
    for field in str(found.get("fields", "")).split(","):
        if field == "title":
            _check_title(book, properties["title"], where)
            sheet.title = properties["title"]
        elif field == "gridProperties.rowCount":
            sheet.rows = _count(properties["gridProperties"].get("rowCount"), where)
            del sheet.cells[sheet.rows :]
        elif field == "gridProperties.columnCount":
            sheet.columns = _count(properties["gridProperties"].get("columnCount"), where)
            sheet.cells = [cells[: sheet.columns] for cells in sheet.cells]
        else:
            raise invalid(f"Invalid {where}: Invalid field: {field}")
    return {}


def _append_dimension(book: Book, content: object, where: str) -> Reply:
    """…/batchUpdate#AppendDimensionRequest"""
    found = fields(content, ("sheetId", "dimension", "length"), where)
    sheet = book.by_id(found.get("sheetId"), where)
    length = _count(found.get("length"), where)
    if choice(found.get("dimension"), DIMENSIONS, f"{where}.dimension") == "ROWS":
        sheet.rows += length
    else:
        sheet.columns += length
    return {}


def _insert_dimension(book: Book, content: object, where: str) -> Reply:
    """…/batchUpdate#InsertDimensionRequest"""
    found = fields(content, ("range", "inheritFromBefore"), where)
    sheet, rows, start, end = _dimension_range(book, found.get("range"), where)
    if rows:
        sheet.rows += end - start
        if start < len(sheet.cells):
            sheet.cells[start:start] = [[] for _ in range(end - start)]
    else:
        sheet.columns += end - start
        for cells in sheet.cells:
            if start < len(cells):
                cells[start:start] = [""] * (end - start)
    return {}


def _delete_dimension(book: Book, content: object, where: str) -> Reply:
    """…/batchUpdate#DeleteDimensionRequest"""
    found = fields(content, ("range",), where)
    sheet, rows, start, end = _dimension_range(book, found.get("range"), where)
    if end - start >= (sheet.rows if rows else sheet.columns):
        raise invalid(f"Invalid {where}: You can't delete all the rows on the sheet.")
    if rows:
        sheet.rows -= end - start
        del sheet.cells[start:end]
    else:
        sheet.columns -= end - start
        for cells in sheet.cells:
            del cells[start:end]
    return {}


def _move_dimension(book: Book, content: object, where: str) -> Reply:
    """…/batchUpdate#MoveDimensionRequest: `destinationIndex` counts before the removal."""
    found = fields(content, ("source", "destinationIndex"), where)
    sheet, rows, start, end = _dimension_range(book, found.get("source"), where)
    target = found.get("destinationIndex", 0)
    lines = [[*cells, *[""] * (sheet.columns - len(cells))] for cells in sheet.cells]
    lines += [[""] * sheet.columns for _ in range(sheet.rows - len(lines))]
    if not rows:
        lines = [list(line) for line in zip(*lines, strict=True)]
    moved = lines[start:end]
    before = [line for n, line in enumerate(lines[:target]) if not start <= n < end]
    after = [line for n, line in enumerate(lines) if n >= target and not start <= n < end]
    lines = [*before, *moved, *after]
    sheet.cells = lines if rows else [list(line) for line in zip(*lines, strict=True)]
    return {}


def _dimension_range(book: Book, found: object, where: str) -> tuple[Sheet, bool, int, int]:
    """…/DimensionRange: half open, from 0."""
    asked = fields(found, ("sheetId", "dimension", "startIndex", "endIndex"), f"{where}.range")
    sheet = book.by_id(asked.get("sheetId"), where)
    rows = choice(asked.get("dimension"), DIMENSIONS, f"{where}.range.dimension") == "ROWS"
    limit = sheet.rows if rows else sheet.columns
    start, end = asked.get("startIndex", 0), asked.get("endIndex", limit)
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= limit):
        raise invalid(f"Invalid {where}: the range {start} to {end} is not inside 0 to {limit}")
    return sheet, rows, start, end


def _count(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid(f"Invalid {where}: a number above 0 is needed")
    return value


KINDS: dict[str, Callable[[Book, object, str], Reply]] = {
    "addSheet": _add_sheet,
    "updateSheetProperties": _update_sheet_properties,
    "appendDimension": _append_dimension,
    "insertDimension": _insert_dimension,
    "deleteDimension": _delete_dimension,
    "moveDimension": _move_dimension,
}
