"""A1 notation.

https://developers.google.com/workspace/sheets/api/guides/concepts#cell: `Sheet1!A1:B2`,
`Sheet1!A:A`, `Sheet1!1:2`, `Sheet1!A5:A`, `A1:B2` (the first sheet), `Sheet1` (all of it);
titles with spaces or other characters in single quotes, a quote in them doubled.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobs.sandbox.errors import ApiError, invalid

PART = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9][0-9]{0,7})?")


@dataclass(frozen=True)
class Area:
    """Cells from (row, column) up to but without (end_row, end_column), from 0; None is open."""

    row: int = 0
    column: int = 0
    end_row: int | None = None
    end_column: int | None = None
    is_single_cell: bool = False


def split(text: str, titles: list[str]) -> tuple[str, Area]:
    """Return the title and the area a range names. Raises ApiError when it names neither."""
    if not text:
        raise _unparsable(text)
    if text.startswith("'"):
        title, rest = _quoted(text)
    elif "!" in text:
        title, _, rest = text.rpartition("!")
    elif text in titles:
        return text, Area()
    else:
        title, rest = titles[0], text
    if title not in titles:
        raise _unparsable(text)
    return title, _area(rest, text) if rest else Area()


def _quoted(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"'((?:[^']|'')*)'(?:!(.+))?", text, re.DOTALL)
    if match is None:
        raise _unparsable(text)
    return match[1].replace("''", "'"), match[2] or ""


def _area(part: str, text: str) -> Area:
    first, colon, last = part.partition(":")
    begin, end = PART.fullmatch(first), PART.fullmatch(last)
    if not first or begin is None or end is None or (colon and not last):
        raise _unparsable(text)
    if not colon and not (begin[1] and begin[2]):
        raise _unparsable(text)
    row, column = _number(begin[2]), _column(begin[1])
    if not colon:
        return Area(row or 0, column or 0, (row or 0) + 1, (column or 0) + 1, True)
    end_row, end_column = _number(end[2]), _column(end[1])
    if (begin[1] is None) != (end[1] is None) or (begin[1] is None and not begin[2]):
        raise _unparsable(text)
    rows = sorted(n for n in (row, end_row) if n is not None)
    columns = sorted(n for n in (column, end_column) if n is not None)
    return Area(
        row=(rows[0] if rows and row is not None else 0),
        column=(columns[0] if columns else 0),
        end_row=None if end_row is None else rows[-1] + 1,
        end_column=None if end_column is None else columns[-1] + 1,
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text) - 1


def _column(letters: str | None) -> int | None:
    if letters is None:
        return None
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters(column: int) -> str:
    """Return the letters of a column (0 is A)."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def written(title: str, row: int, column: int, end_row: int, end_column: int) -> str:
    """Return an area as A1 notation; the title in quotes where it needs them."""
    name = title if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", title) else quoted(title)
    first, last = f"{letters(column)}{row + 1}", f"{letters(end_column - 1)}{end_row}"
    return f"{name}!{first}" if first == last else f"{name}!{first}:{last}"


def quoted(title: str) -> str:
    doubled = title.replace("'", "''")
    return f"'{doubled}'"


def _unparsable(text: str) -> ApiError:
    return invalid(f"Unable to parse range: {text}")
