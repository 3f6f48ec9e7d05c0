"""How a value is taken in and given out.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/ValueInputOption and
…/ValueRenderOption. A formula is kept and shown, never calculated.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from jobs.sandbox.errors import invalid

# Text, number or yes/no; a formula is {"formula": "=…"}.
Cell = Any
INPUT_OPTIONS = ("RAW", "USER_ENTERED")
RENDER_OPTIONS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
LONGEST_CELL = 50_000
DAY_ZERO = date(1899, 12, 30)
NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d+)?")


def taken_in(value: Any, option: str, where: str) -> Cell:
    """Return what a cell holds after `value` was put in: RAW literally, else as if typed."""
    if isinstance(value, dict | list):
        raise invalid(f"Invalid {where}: {_kind(value)} is no cell value")
    if isinstance(value, str) and len(value) > LONGEST_CELL:
        raise invalid(
            "Your input contains more than the maximum of 50000 characters in a single cell."
        )
    if option == "RAW" or not isinstance(value, str):
        return value
    return _typed(value)


def _typed(text: str) -> Cell:
    stripped = text.strip()
    if text.startswith("="):
        return {"formula": text}
    if text.startswith("'"):
        return text[1:]
    if stripped.upper() in {"TRUE", "FALSE"}:
        return stripped.upper() == "TRUE"
    if NUMBER.fullmatch(stripped):
        number = float(stripped.replace(",", ""))
        return int(number) if number.is_integer() else number
    try:
        return (date.fromisoformat(stripped) - DAY_ZERO).days
    except ValueError:
        return text


def given_out(cell: Cell, option: str) -> Cell:
    """Return a cell as a read with that ValueRenderOption shows it."""
    if isinstance(cell, dict):
        return cell["formula"] if option == "FORMULA" else "#N/A"
    if option != "FORMATTED_VALUE" or isinstance(cell, str):
        return cell
    return str(cell).upper() if isinstance(cell, bool) else str(cell)


def _kind(value: object) -> str:
    return "an object" if isinstance(value, dict) else "a list"
