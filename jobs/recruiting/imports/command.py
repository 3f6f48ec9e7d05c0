"""`python -m app import FILE`: candidates with their applications from a CSV file."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from app import Command, Conflict, current_database, current_settings, writing
from jobs.recruiting.imports.loaded import load
from jobs.recruiting.imports.reader import read
from jobs.recruiting.imports.refusal import Refusal
from jobs.recruiting.imports.store import Counts, Stored, store

DONE, FAILED = 0, 1
MOST_REFUSALS_SHOWN = 50


@dataclass(frozen=True)
class ImportReport:
    """What came of a file. Nothing was written unless `written`."""

    rows: int
    refused_rows: int
    refusals: tuple[Refusal, ...]
    ignored_columns: tuple[str, ...]
    stored: Stored
    written: bool


class _RollBackError(Exception):
    """Ends the transaction without a trace."""


def import_file(
    engine: Engine,
    path: Path,
    *,
    now: datetime,
    zone: tzinfo = UTC,
    partial: bool = False,
    dry_run: bool = False,
    progress: bool = False,
) -> ImportReport:
    """Import `path` in one transaction: all of it or, unless `partial`, nothing.

    The file is read and understood before the transaction opens, so that other writers wait
    only for the writing. Raises FileRefused when the file cannot be read as a whole, Conflict
    when another import got in between.
    """
    header, records = read(path, _show_progress if progress else lambda _: None)
    loaded = load(header, records, zone)
    stored, written = Stored(), False
    if partial or not loaded.refusals:
        try:
            with writing(engine) as connection:
                stored = store(connection, loaded.entries, now)
                if dry_run or (stored.refusals and not partial):
                    raise _RollBackError
                written = True
        except _RollBackError:
            written = False
        except IntegrityError as error:
            raise Conflict(
                "Somebody else added one of these people or positions at the same moment. Nothing "
                "was written: import the file again."
            ) from error
    refusals = (*loaded.refusals, *stored.refusals)
    return ImportReport(
        rows=loaded.rows,
        refused_rows=len({refusal.place for refusal in refusals}),
        refusals=refusals,
        ignored_columns=header.unknown,
        stored=stored,
        written=written,
    )


def _show_progress(rows: int) -> None:
    sys.stderr.write(f"\r{rows:,} rows read")
    sys.stderr.flush()


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a CSV file in UTF-8")
    parser.add_argument("--partial", action="store_true", help="write the good rows all the same")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, no more")


def _run(arguments: Namespace) -> int:
    terminal = sys.stderr.isatty()
    report = import_file(
        current_database(),
        arguments.file,
        now=datetime.now(UTC),
        zone=ZoneInfo(current_settings().timezone),
        partial=arguments.partial,
        dry_run=arguments.dry_run,
        progress=terminal,
    )
    if terminal:
        sys.stderr.write("\r\x1b[K")
    sys.stdout.write(describe(report, dry_run=arguments.dry_run))
    return FAILED if report.refusals else DONE


def describe(report: ImportReport, *, dry_run: bool = False) -> str:
    """Return the report as the lines a person reads."""
    lines = [str(refusal) for refusal in report.refusals[:MOST_REFUSALS_SHOWN]]
    if len(report.refusals) > MOST_REFUSALS_SHOWN:
        rest = Counter(refusal.column for refusal in report.refusals[MOST_REFUSALS_SHOWN:])
        columns = ", ".join(f"{count:,} in “{column}”" for column, count in rest.most_common())
        lines.append(f"… and {rest.total():,} more: {columns}.")
    if report.ignored_columns:
        lines.append(f"Ignored columns: {', '.join(report.ignored_columns)}.")
    verb = "would be " if dry_run else ""
    if report.written or (dry_run and report.stored != Stored()):
        lines.append(_counts("Candidates", report.stored.candidates, verb))
        lines.append(_counts("Applications", report.stored.applications, verb))
    lines.append(f"Rows: {report.rows:,} read, {report.refused_rows:,} refused.")
    if dry_run:
        lines.append("A dry run: nothing was written.")
    elif not report.written:
        lines.append("Nothing was written. Mend these rows, or write the others with --partial.")
    return "\n".join(lines) + "\n"


def _counts(what: str, counts: Counts, verb: str) -> str:
    return (
        f"{what}: {counts.inserted:,} {verb}inserted, {counts.updated:,} {verb}updated, "
        f"{counts.unchanged:,} unchanged."
    )


import_command = Command(
    name="import",
    help="import candidates and applications from a CSV file",
    configure=_configure,
    run=_run,
)
