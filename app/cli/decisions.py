"""pause and resume everything; what steers one task is under `tasks`."""

from __future__ import annotations

import argparse

from app import actions
from app.cli.opening import open_system, operator, time_of
from app.cli.printing import print_done
from app.cli.types import Commands


def add_commands(commands: Commands) -> None:
    pause = commands.add_parser("pause", help="pause everything: nothing fires until resumed")
    pause.add_argument("--reason", required=True)
    pause.add_argument("--until", metavar="TIME", help="resume by itself then (RFC 3339)")
    pause.set_defaults(run=run_pause)
    resume = commands.add_parser("resume", help="resume everything")
    resume.set_defaults(run=run_resume)


def run_pause(options: argparse.Namespace) -> int:
    """Pause everything."""
    until = time_of(options.until, "--until")
    applied = actions.pause_everything(open_system(), operator(), options.reason, until)
    return print_done("Everything is paused", applied)


def run_resume(_options: argparse.Namespace) -> int:
    """Resume everything."""
    return print_done("Everything goes on", actions.resume_everything(open_system(), operator()))
