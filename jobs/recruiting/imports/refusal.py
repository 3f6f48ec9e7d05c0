"""Why a file or one of its rows is not accepted."""

from __future__ import annotations

from dataclasses import dataclass

from app import Invalid


class FileRefused(Invalid):
    """The file as a whole cannot be read. `str()` of it says why and what would be accepted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands. `row` is what a spreadsheet shows (the header is row 1), `line` is
    the line of the text file, further down when cells above hold line breaks."""

    row: int
    line: int

    def __str__(self) -> str:
        return f"row {self.row}" if self.row == self.line else f"row {self.row} (line {self.line})"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason against one row; `column` is the header as the file has it."""

    place: Place
    column: str
    reason: str

    def __str__(self) -> str:
        column = f", column “{self.column}”" if self.column else ""
        return f"{self.place}{column}: {self.reason}"
