"""CSV that a spreadsheet shows and never executes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from app.views import rfc3339

# A spreadsheet would take what begins like this for a formula, or drop it to see one behind it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write a heading and rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: Any) -> str:
    """Write one value so that it stays text."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return rfc3339(value)
    text = str(value).encode("utf-8", "replace").decode()
    guarded = f"'{text}" if text.startswith(FORMULA) else text
    return guarded.replace("\x00", "\\x00")
