"""What every command of an operator opens: the system, and who is acting."""

from __future__ import annotations

import argparse
import getpass
import json
import os
from datetime import datetime
from typing import Any

from app.actions import Actor
from app.errors import Invalid, SettingsError
from app.records.migrate import pending
from app.schedules import Wanted
from app.system import System


def open_system() -> System:
    """Open the system over a migrated database. Raises SettingsError, Unavailable."""
    system = System.open()
    if pending(system.database):
        raise SettingsError("The database is not migrated: run `python -m app release` first.")
    return system


def operator() -> Actor:
    """Return who sits at this terminal. Whoever can read the settings may do everything."""
    return Actor(os.environ.get("SUDO_USER") or getpass.getuser(), "admin", "cli")


def add_arguments_option(parser: argparse.ArgumentParser) -> None:
    """Add `--arg name=value`, repeatable."""
    parser.add_argument(
        "--arg", action="append", default=[], metavar="NAME=VALUE",
        help="an argument; the value is JSON, or else text",
    )  # fmt: skip


def arguments_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments given with `--arg`. Raises Invalid."""
    found: dict[str, Any] = {}
    for pair in options.arg:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Invalid(f"--arg {pair}: write NAME=VALUE, such as --arg limit=5.")
        found[name] = _value(value)
    return found


def time_of(text: str | None, option: str) -> datetime | None:
    """Read an RFC 3339 time. Raises Invalid."""
    return None if text is None else needed_time(text, option)


def needed_time(text: str, option: str) -> datetime:
    """Read an RFC 3339 time that must be given. Raises Invalid."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{option} {text}: write a time such as 2027-01-31T09:00:00Z.") from error


def add_schedule_options(parser: argparse.ArgumentParser) -> None:
    """Add what a schedule is made of."""
    parser.add_argument("--cron", metavar="EXPRESSION")
    parser.add_argument("--every", metavar="DURATION", help="such as 30m")
    parser.add_argument("--timezone", metavar="ZONE", help="such as Europe/Berlin")
    parser.add_argument("--start", metavar="TIME", help="not before (RFC 3339)")
    parser.add_argument("--end", metavar="TIME", help="not after (RFC 3339)")
    parser.add_argument("--max-runs", metavar="N", help="at most so many runs, counted from now")


def schedule_of(options: argparse.Namespace) -> Wanted:
    """Return the schedule that was given part by part. Raises Invalid."""
    return {
        "cron": options.cron,
        "every": options.every,
        "timezone": options.timezone,
        "start": time_of(options.start, "--start"),
        "end": time_of(options.end, "--end"),
        "max_runs": _whole(options.max_runs, "--max-runs"),
    }


def _whole(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise Invalid(f"{option} {text}: write a whole number, 1 or more.") from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
