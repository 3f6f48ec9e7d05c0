"""How commands print: a table for people, with `--json` what the REST API answers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.views import to_json


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="as the REST API answers")


def second_of(time: datetime | None) -> str:
    """Return a time (UTC) to the second, a dash for none."""
    return f"{time:%Y-%m-%d %H:%M:%S}Z" if time else "–"


def print_json(value: Any) -> int:
    """Print views as the REST API writes them; return 0."""
    print(json.dumps(to_json(value), indent=2, ensure_ascii=False))
    return 0


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under a head, in columns."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def print_done(text: str, applied: bool) -> int:
    """Print what was done, and whether it still has to wait for Redis; return 0."""
    print(f"{text}." if applied else f"{text}. Redis is away: it takes effect when Redis is back.")
    return 0
