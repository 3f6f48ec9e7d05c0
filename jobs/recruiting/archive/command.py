"""`python -m app archive …`: what the archive took, and giving it back."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from sqlalchemy import Engine, case, func, select

from app import Command, Conflict, current_database, reading
from jobs.recruiting.archive.restoring import Restored, restore
from jobs.recruiting.schema import archive_changes

DONE, FAILED = 0, 1
MOST_RUNS = 20


def _configure(parser: ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser("runs", help="list the runs that archived something")
    back = acts.add_parser("restore", help="give back what a run archived")
    back.add_argument("run_id", metavar="RUN_ID", help="as `archive runs` and the run's page say")


def _run(arguments: Namespace) -> int:
    engine = current_database()
    if arguments.act == "runs":
        sys.stdout.write(describe_runs(engine))
        return DONE
    try:
        done = restore(engine, arguments.run_id, f"cli:{getpass.getuser()}", datetime.now(UTC))
    except Conflict as conflict:
        sys.stderr.write(f"{conflict}\n")
        return FAILED
    sys.stdout.write(describe(done))
    return DONE


def describe_runs(engine: Engine) -> str:
    """Return the newest runs as lines: when, how many, how many of them were given back."""
    taken = func.sum(case((archive_changes.c.action == "archive", 1), else_=0))
    query = (
        select(
            archive_changes.c.run_id,
            func.min(archive_changes.c.at).label("at"),
            taken.label("taken"),
            (func.count() - taken).label("restored"),
        )
        .group_by(archive_changes.c.run_id)
        .order_by(func.max(archive_changes.c.at).desc(), archive_changes.c.run_id)
        .limit(MOST_RUNS)
    )
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    if not rows:
        return "The archive has taken nothing yet.\n"
    return "".join(
        f"{row.run_id}  {row.at:%Y-%m-%d %H:%M} UTC  {row.taken:,} archived, "
        f"{row.restored:,} given back\n"
        for row in rows
    )


def describe(done: Restored) -> str:
    """Return what a restore did as a sentence."""
    parts = [
        f"{count:,} {what}"
        for count, what in (
            (done.restored, "given back"),
            (done.changed, "changed since and left as they are"),
            (done.before, "had been given back before"),
            (done.gone, "not stored any more"),
        )
        if count
    ]
    return f"{done.run_id}: {', '.join(parts)}.\n"


archive_command = Command(
    name="archive",
    help="list what the archive took, give it back",
    configure=_configure,
    run=_run,
)
