"""Sync candidate data to Google Sheets, every half hour."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from app import (
    Retry,
    current_database,
    every,
    reading,
    task,
)
from jobs.recruiting.leasing import execution_owner
from jobs.recruiting.queries import candidate_summaries
from jobs.recruiting.sheet.cells import TAB, cells_of
from jobs.recruiting.sheet.ledger import last_written, leased, remember
from jobs.recruiting.sheet.sync import SheetSync, Synchronised
from jobs.services.google_sheets import Spreadsheet, open_spreadsheet

# Longer than the time-out, so that a lease never ends under a run that still writes.
LEASE = timedelta(minutes=12)
MOST_NOTES = 20
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SyncResult:
    """What a sync found and did, in rows. `read` counts the candidates in the database,
    `drifted` rows whose managed cells were edited by hand and put back, `conflicts` what only a
    person can decide (`notes` say what), `calls` requests to Google."""

    message: str
    read: int
    inserted: int
    updated: int
    unchanged: int
    removed: int
    drifted: int
    conflicts: int
    calls: int
    seconds: float
    url: str
    notes: tuple[str, ...] = ()


@task(
    every("30m"),
    queue="default",
    timeout="10m",
    retry=Retry(3, backoff="1m..1h"),
    overlap="skip",
    misfire="latest",
)
def sync_to_sheets(allow_removals: bool = False) -> SyncResult:
    """Sync candidate data to Google Sheets.

    One row for each candidate, found by candidate_id. Columns that people add stay theirs, rows
    and columns may be sorted and moved, edits of our own columns are put back. A candidate who
    left the database is marked in removed_at; more than 10 rows and a fifth of the sheet at once
    only with allow_removals.
    """
    now = datetime.now(UTC)
    with closing(open_spreadsheet()) as spreadsheet:
        result = bring_in_line(
            spreadsheet,
            current_database(),
            now,
            execution_owner(now),
            allow_removals=allow_removals,
        )
    for note in result.notes:
        log.warning("%s", note)
    log.info("%s", result.message)
    return result


def bring_in_line(
    spreadsheet: Spreadsheet,
    engine: Engine,
    now: datetime,
    owner: str,
    *,
    allow_removals: bool = False,
) -> SyncResult:
    """Make the sheet hold what the database holds. Raises Skip while another `owner` does."""
    started = time.monotonic()
    sheet = f"{spreadsheet.spreadsheet_id}/{TAB}"
    with leased(engine, sheet, owner, LEASE, now) as lease:
        with reading(engine) as connection:
            wanted = {c.candidate_id: cells_of(c) for c in candidate_summaries(connection)}
        known = last_written(engine, sheet)
        sync = SheetSync(
            spreadsheet,
            TAB,
            wanted,
            now=now,
            allow_removals=allow_removals,
            may_write=lease.check,
        )
        done = sync.run(known)
        remember(engine, sheet, known, done.hashes, now)
    seconds = time.monotonic() - started
    return _result(done, len(wanted), spreadsheet.calls, seconds, spreadsheet.url)


def _result(done: Synchronised, read: int, calls: int, seconds: float, url: str) -> SyncResult:
    plan = done.plan
    notes = tuple(plan.conflicts[:MOST_NOTES])
    if len(plan.conflicts) > MOST_NOTES:
        notes += (f"… and {len(plan.conflicts) - MOST_NOTES} more",)
    if done.rewritten:
        notes += (f"{done.rewritten} cells were changed by somebody meanwhile and written again",)
    return SyncResult(
        message=_message(done, read),
        read=read,
        inserted=plan.inserted,
        updated=plan.updated,
        unchanged=plan.unchanged,
        removed=plan.removed,
        drifted=plan.drifted,
        conflicts=len(plan.conflicts),
        calls=calls,
        seconds=round(seconds, 2),
        url=url,
        notes=notes,
    )


def _message(done: Synchronised, read: int) -> str:
    plan = done.plan
    parts = [
        f"{count:,} {what}"
        for count, what in (
            (plan.inserted, "added"),
            (plan.updated, "updated"),
            (plan.drifted, "edited by hand and put back"),
            (plan.removed, "marked as removed"),
        )
        if count
    ]
    if parts:
        text = f"Rows: {', '.join(parts)}; {plan.unchanged:,} were right already."
    elif plan.writes:
        text = f"The header was put right; all {read:,} candidates were in the sheet already."
    else:
        text = f"Nothing to do: all {read:,} candidates were in the sheet already."
    if plan.conflicts:
        text += f" {len(plan.conflicts)} for you to look at (notes)."
    return text
