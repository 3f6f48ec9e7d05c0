"""`runs stack ID`: where a running run is."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

from app import actions, reads
from app.cli.opening import open_system, operator
from app.cli.types import Commands
from app.errors import RotaError

PATIENCE_SECONDS = 6.0


def add_stack(verbs: Commands) -> None:
    """Add the verb."""
    parser = verbs.add_parser("stack", help="show where a running run is")
    parser.add_argument("run_id")
    parser.set_defaults(run=run_stack)


def run_stack(options: argparse.Namespace) -> int:
    """Ask its worker, wait for the answer, print it."""
    system = open_system()
    # The worker's clock writes the time of the answer.
    earlier = reads.run(system, options.run_id).stack
    actions.sample_stack(system, operator(), options.run_id)
    deadline = monotonic() + PATIENCE_SECONDS
    while monotonic() < deadline:
        stack = reads.run(system, options.run_id).stack
        if stack is not None and stack != earlier:
            age = max(datetime.now(UTC) - stack.at, timedelta())
            print(f"{options.run_id}, {age.total_seconds():.1f} s ago:\n{stack.text}")
            return 0
        sleep(0.1)
    raise RotaError(f"The worker of {options.run_id} did not answer: it ended, or hangs.")
