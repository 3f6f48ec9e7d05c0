"""`tasks schedules`, `add-schedule`, `remove-schedule`: a task's own schedule and further ones."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from app import actions, reads
from app.cli.opening import (
    add_arguments_option,
    add_schedule_options,
    arguments_of,
    open_system,
    operator,
    schedule_of,
)
from app.cli.printing import add_json, print_json, print_table, second_of
from app.cli.types import Commands


def add_verbs(verbs: Commands) -> None:
    """Add what lists and changes a task's schedules; `reschedule` and `reset` take their ids."""
    listed = verbs.add_parser("schedules", help="a task's schedules, its own first")
    listed.add_argument("task_id")
    add_json(listed)
    listed.set_defaults(run=run_schedules)
    add = verbs.add_parser("add-schedule", help="let a task fire at further times")
    add.add_argument("task_id")
    add.add_argument("name", help="the schedule's id will be <task>-<name>")
    add_schedule_options(add)
    add_arguments_option(add)
    add.set_defaults(run=run_add)
    remove = verbs.add_parser("remove-schedule", help="remove a further schedule")
    remove.add_argument("schedule_id", metavar="ID")
    remove.set_defaults(run=run_remove)


def run_schedules(options: argparse.Namespace) -> int:
    """List a task's schedules."""
    found = reads.task(open_system(), options.task_id, datetime.now(UTC)).schedules
    if options.json:
        return print_json({"schedules": found, "total": len(found)})
    print_table(
        ("SCHEDULE", "FIRES", "NEXT"),
        [(one.schedule_id, one.text, second_of(one.next_run_at)) for one in found],
    )
    return 0


def run_add(options: argparse.Namespace) -> int:
    """Add a further schedule."""
    schedule_id = actions.create_schedule(
        open_system(),
        operator(),
        options.task_id,
        options.name,
        arguments_of(options),
        **schedule_of(options),
    )
    print(f"{schedule_id} is added.")
    return 0


def run_remove(options: argparse.Namespace) -> int:
    """Remove a further schedule."""
    actions.delete_schedule(open_system(), operator(), options.schedule_id)
    print(f"{options.schedule_id} is removed; its history stays.")
    return 0
