"""A1 notation: how Google Sheets names cells."""

from __future__ import annotations


def column_letters(column: int) -> str:
    """Return the letters of a column (0 is A)."""
    number, letters = column + 1, ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def in_tab(title: str, cells: str | None = None) -> str:
    """Return the range `cells` of the tab `title`; without `cells` the whole tab."""
    quoted = "'" + title.replace("'", "''") + "'"
    return f"{quoted}!{cells}" if cells else quoted


def rectangle(row: int, column: int, height: int, width: int) -> str:
    """Return a rectangle from a cell on. `row` is from 1, `column` from 0."""
    first, last = column_letters(column), column_letters(column + width - 1)
    return f"{first}{row}:{last}{row + height - 1}"
