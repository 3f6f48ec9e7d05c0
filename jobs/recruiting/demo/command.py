"""`python -m app demo`: fills the database with a made-up hiring organisation."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from app import Command, current_database, reading, writing
from jobs.recruiting.demo.generator import DemoOrganisation
from jobs.recruiting.demo.history import write_history
from jobs.recruiting.demo.rates import described_rates
from jobs.recruiting.demo.upcoming import write_upcoming
from jobs.recruiting.imports.store import Stored, store
from jobs.recruiting.queries import any_candidate
from jobs.recruiting.schema import candidates as candidates_table

MOST_CANDIDATES = 1_000_000
# Enough that a week has something to tell.
DEFAULT_CANDIDATES = 500


def create_demo(engine: Engine, candidates: int, seed: int, end: datetime) -> Stored:
    """Write the organisation as it is at `end`; people who exist already are left as they are."""
    organisation = DemoOrganisation(candidates, seed, end)
    with writing(engine) as connection:
        taken = set(connection.execute(select(candidates_table.c.email_key)).scalars())
        new = [entry for entry in organisation.entries if entry.person.email_key not in taken]
        stored = store(connection, new, organisation.end, actor=None)
        stored.candidates.unchanged = len(organisation.entries) - len(new)
        write_history(connection, organisation, new)
        write_upcoming(connection, organisation, new)
    return stored


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--if-empty", action="store_true", help="only where nobody is stored yet")
    parser.add_argument("--candidates", type=_count, default=DEFAULT_CANDIDATES, metavar="N")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    parser.add_argument(
        "--end", type=_instant, metavar="TIME", help="the organisation's today (default: now)"
    )


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= MOST_CANDIDATES:
        raise ArgumentTypeError(f"use a number from 1 to {MOST_CANDIDATES:,}")
    return int(text)


def _instant(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("use a form like 2026-11-24 or 2026-11-24T12:00Z") from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _run(arguments: Namespace) -> int:
    engine = current_database()
    if arguments.if_empty:
        with reading(engine) as connection:
            occupied = any_candidate(connection)
        if occupied:
            sys.stdout.write("There are candidates already: nothing was added.\n")
            return 0
    end = arguments.end or datetime.now(UTC)
    stored = create_demo(engine, arguments.candidates, arguments.seed, end)
    people, applied = stored.candidates, stored.applications
    sys.stdout.write(
        f"A made-up organisation as of {end:%Y-%m-%d}, seed {arguments.seed}: "
        f"{people.inserted:,} candidates and {applied.inserted:,} applications added, "
        f"{people.unchanged:,} candidates were there already.\nRates:\n"
    )
    sys.stdout.writelines(f"  {line}\n" for line in described_rates())
    return 0


demo_command = Command(
    name="demo",
    help="fill the database with a made-up hiring organisation",
    configure=_configure,
    run=_run,
)
