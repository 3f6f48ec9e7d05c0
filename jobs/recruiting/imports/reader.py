"""A CSV file as records, with the place of each: no cell is understood here."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from jobs.recruiting.imports.headers import Header, recognised, understand
from jobs.recruiting.imports.refusal import FileRefused, Place

DELIMITERS = (",", ";", "\t")
SAMPLE_BYTES = 65_536
LONGEST_CELL = 131_072
PROGRESS_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class Record:
    place: Place
    cells: list[str]


def read(
    path: Path, on_progress: Callable[[int], None] = lambda _: None
) -> tuple[Header, Iterator[Record]]:
    """Open `path` and return its header and its records, read as they are asked for.

    Blank lines are left out. Raises FileRefused, also while iterating, when the file is not
    UTF-8 text or its quoting is broken; `on_progress` is told the rows read so far.
    """
    sample = _sample(path)
    delimiter = _delimiter(sample)
    stream = path.open(encoding="utf-8-sig", newline="")
    lines = _records(stream, delimiter)
    try:
        first = next(lines, None)
        if first is None:
            raise FileRefused(f"{path} is empty: there is not even a header line.")
        return understand(first.cells), _counted(lines, on_progress)
    except FileRefused:
        stream.close()
        raise


def _sample(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            sample = stream.read(SAMPLE_BYTES)
    except FileNotFoundError:
        raise FileRefused(f"{path} does not exist.") from None
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}.") from None
    if not sample.strip():
        raise FileRefused(f"{path} is empty: there is not even a header line.")
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused(f"{path} is UTF-16: save it as “CSV UTF-8”.")
    if b"\0" in sample:
        raise FileRefused(
            f"{path} is a binary file, not text: export the sheet as CSV (UTF-8) first."
        )
    return sample


def _delimiter(sample: bytes) -> str:
    """Choose the delimiter under which most of the header is understood, then the one that
    gives most columns: the cells below it are never guessed from."""
    text = sample.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")

    def score(delimiter: str) -> tuple[int, int]:
        names = _first_record(text, delimiter)
        return recognised(names), len(names)

    return max(DELIMITERS, key=score)


def _first_record(text: str, delimiter: str) -> list[str]:
    for names in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if names:
            return names
    return []


def _records(stream: TextIO, delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    row, line = 0, 1
    with stream:
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except UnicodeDecodeError as error:
                raise FileRefused(_not_utf8(stream.name, error)) from None
            except csv.Error as error:
                raise FileRefused(
                    f"The record that starts at line {line} is not valid CSV ({error}): a quote "
                    "may be left open, or a quote inside a cell not doubled."
                ) from None
            row += 1
            if any(cell.strip() for cell in cells):
                yield Record(Place(row, line), cells)
            line = reader.line_num + 1


def _not_utf8(path: str, error: UnicodeDecodeError) -> str:
    """Name the first line that is not UTF-8: the decoder itself only knows its buffer."""
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as found:
                byte = line[found.start]
                return (
                    f"{path} is not UTF-8: line {number} holds the byte 0x{byte:02x}. "
                    "Save it as “CSV UTF-8”."
                )
    return f"{path} is not UTF-8 ({error.reason}). Save it as “CSV UTF-8”."


def _counted(records: Iterator[Record], on_progress: Callable[[int], None]) -> Iterator[Record]:
    for count, record in enumerate(records, start=1):
        if count % PROGRESS_EVERY == 0:
            on_progress(count)
        yield record
