"""The managed columns of the sheet, and a candidate as their cells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from jobs.recruiting.queries import CandidateSummary

Cell = str | int | float | bool
Cells = dict[str, Cell]

TAB: Final = "Candidates"
KEY: Final = "candidate_id"
REMOVED: Final = "removed_at"
LONGEST_CELL = 50_000  # characters; the limit of Google Sheets
CUT_MARK = " …[cut]"
LAYOUT = "2"  # goes up with the set of columns; see `same_layout`


def when(instant: datetime | None) -> str:
    """Write an instant as text that also sorts: the sheet must not re-interpret it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else ""


COLUMNS: Mapping[str, Callable[[CandidateSummary], Cell | None]] = {
    KEY: lambda c: c.candidate_id,
    "name": lambda c: c.name,
    "email": lambda c: c.email,
    "phone": lambda c: c.phone,
    "position": lambda c: c.position,
    "stage": lambda c: c.stage,
    "status": lambda c: c.status,
    "source": lambda c: c.source,
    "applied_at": lambda c: when(c.applied_at),
    "last_activity_at": lambda c: when(c.last_activity_at),
    "applications": lambda c: c.applications,
    "linkedin_url": lambda c: c.linkedin_url,
    "github_url": lambda c: c.github_url,
    "time_zone": lambda c: c.time_zone,
    "do_not_contact": lambda c: "yes" if c.do_not_contact else "",
    REMOVED: lambda _: "",
    "ended_at": lambda c: when(c.ended_at),
    "reason": lambda c: c.reason,
    "every_application": lambda c: c.every_application,
    "website_url": lambda c: c.website_url,
    "external_id": lambda c: c.external_id,
    "legal_hold": lambda c: "yes" if c.legal_hold else "",
}
MANAGED = tuple(COLUMNS)


def cells_of(candidate: CandidateSummary) -> Cells:
    """Return the managed cells of a candidate."""
    return {column: as_cell(value(candidate)) for column, value in COLUMNS.items()}


def as_cell(value: Cell | None) -> Cell:
    """Return `value` as a cell can hold it: text without control characters, cut to the limit."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127))
    return text if _length(text) <= LONGEST_CELL else _cut(text)


def _length(text: str) -> int:
    """Count as the limit may be counted: in UTF-16 units, where an emoji is two."""
    return len(text) + sum(ord(c) > 0xFFFF for c in text)


def _cut(text: str) -> str:
    room = (LONGEST_CELL - len(CUT_MARK)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + CUT_MARK


def content_hash(cells: Cells) -> str:
    """Return the layout and the hash of a row's managed cells, at most 64 characters.

    A number and the same digits as text differ.
    """
    written = json.dumps(
        [[column, *typed(cells.get(column, ""))] for column in MANAGED], ensure_ascii=False
    )
    return f"{LAYOUT}:{hashlib.sha256(written.encode()).hexdigest()[:60]}"


def same_layout(remembered: str) -> bool:
    """Tell whether a hash was made of this set of columns: else a row that differs from it need
    not have been edited by hand."""
    return remembered.startswith(f"{LAYOUT}:")


def typed(cell: Cell) -> tuple[str, Cell]:
    """Return a cell with its kind, for comparisons in which 1, True and "1" are different."""
    if isinstance(cell, bool):
        return "bool", cell
    if isinstance(cell, int | float):
        # The sheet has one kind of number: what was written as 12 may come back as 12.0.
        return "number", int(cell) if float(cell).is_integer() else cell
    return "text", cell


def same(first: Cell, second: Cell) -> bool:
    return typed(first) == typed(second)
