"""`tasks backfill`, `backfills`, `cancel-backfill`: past fire times, run again."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from app import actions, reads
from app.cli.opening import needed_time, open_system, operator
from app.cli.printing import add_json, print_json, print_table
from app.cli.types import Commands


def add_verbs(verbs: Commands) -> None:
    """Add what fills a gap in a task's history."""
    make = verbs.add_parser("backfill", help="run the fire times of a past range")
    make.add_argument("task_id")
    make.add_argument(
        "--from", dest="start", metavar="TIME", required=True, help="after (RFC 3339)"
    )
    make.add_argument("--to", dest="end", metavar="TIME", required=True, help="up to (RFC 3339)")
    make.add_argument("--dry-run", action="store_true", help="only say what would run")
    make.add_argument("--force", action="store_true", help="run once more what has run already")
    make.add_argument("--concurrency", type=int, default=1, metavar="N", help="so many at a time")
    add_json(make)
    make.set_defaults(run=run_backfill)
    listed = verbs.add_parser("backfills", help="a task's newest backfills and how far they are")
    listed.add_argument("task_id")
    add_json(listed)
    listed.set_defaults(run=run_backfills)
    cancel = verbs.add_parser("cancel-backfill", help="cancel what of one still waits its turn")
    cancel.add_argument("backfill_id")
    cancel.set_defaults(run=run_cancel)


def run_backfill(options: argparse.Namespace) -> int:
    """Show, or run, the fire times of a range."""
    made = actions.backfill(
        open_system(),
        operator(),
        options.task_id,
        needed_time(options.start, "--from"),
        needed_time(options.end, "--to"),
        dry_run=options.dry_run,
        force=options.force,
        concurrency=options.concurrency,
    )
    if options.json:
        return print_json(made)
    for one in made.planned:
        verdict = "runs" if one.runs else f"does not run: it {one.status}"
        print(f"{one.fire_time.isoformat()}  {verdict}")
    if made.backfill_id is None:
        print(f"{made.runs} would run; nothing has been changed.")
    else:
        print(f"Backfill {made.backfill_id} runs {made.runs}, {options.concurrency} at a time.")
    return 0


def run_backfills(options: argparse.Namespace) -> int:
    """List the newest backfills."""
    _, detail = reads.task_page(open_system(), options.task_id, datetime.now(UTC))
    found = detail.backfills
    if options.json:
        return print_json({"backfills": found})
    print_table(
        ("BACKFILL", "FROM", "TO", "DONE", "OF", "BY"),
        [
            (one.backfill_id, f"{one.start:%Y-%m-%d %H:%M}Z", f"{one.end:%Y-%m-%d %H:%M}Z",
             str(one.done), str(one.total), one.by)
            for one in found
        ],
    )  # fmt: skip
    return 0


def run_cancel(options: argparse.Namespace) -> int:
    """Cancel the rest of a backfill."""
    cancelled = actions.cancel_backfill(open_system(), operator(), options.backfill_id)
    print(f"{options.backfill_id}: {cancelled} cancelled")
    return 0
