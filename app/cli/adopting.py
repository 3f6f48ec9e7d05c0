"""adopt: take over entries that rq-scheduler's own API made."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from app.adoption import Foreign, found, take_over
from app.cli.opening import open_system, operator
from app.cli.types import Commands
from app.connection import asking_redis
from app.errors import RotaError


def add_commands(commands: Commands) -> None:
    adopt = commands.add_parser("adopt", help="take over foreign rq-scheduler entries")
    adopt.add_argument("--apply", action="store_true", help="do it; without, only show")
    adopt.set_defaults(run=run_adopt)


def run_adopt(options: argparse.Namespace) -> int:
    """Show what would be taken over, or take it over; 1 where some entry cannot be."""
    system, now = open_system(), datetime.now(UTC)
    with asking_redis():
        entries = list(found(system.redis, system.catalogue))
    if not entries:
        print("There is no foreign entry in the schedule.")
        return 0
    left = 0
    for entry in entries:
        print(_line(entry))
        left += entry.problem is not None
        if options.apply and entry.problem is None:
            try:
                print(f"       → {take_over(system, operator(), entry, now)}")
            except RotaError as error:
                left += 1
                print(f"       not taken over: {error}")
    if not options.apply:
        print("Nothing was changed; --apply takes over what can be.")
    return 1 if left else 0


def _line(entry: Foreign) -> str:
    if entry.problem or entry.task is None:
        return f"LEFT   {entry.entry}: {entry.problem}"
    when = entry.cron or (f"every {entry.every}" if entry.every else f"once, {entry.at}")
    note = f" (note: {entry.warning})" if entry.warning else ""
    return f"TAKES  {entry.entry}: {entry.task.id}, {when}{note}"
