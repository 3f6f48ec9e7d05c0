"""tasks list, show, next; runs list, show, logs."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from time import sleep
from typing import Any

from app import reads
from app.cli import backfills, schedules, stack, steering
from app.cli.opening import open_system
from app.cli.printing import add_json, print_json, print_table, second_of
from app.cli.types import Commands
from app.views import RunView, TaskView

LONGEST_WHY = 120


def add_commands(commands: Commands) -> None:
    tasks = commands.add_parser("tasks", help="show, run and steer tasks")
    verbs = tasks.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add(verbs, "list", "all tasks", run_tasks)
    _add(verbs, "show", "one task", run_task, "task_id")
    following = _add(verbs, "next", "when a task fires next", run_next, "task_id")
    following.add_argument("-n", type=int, default=10)
    steering.add_verbs(verbs)
    schedules.add_verbs(verbs)
    backfills.add_verbs(verbs)
    runs = commands.add_parser("runs", help="show runs and their logs")
    run_verbs = runs.add_subparsers(title="verbs", metavar="VERB", required=True)
    listed = _add(run_verbs, "list", "the newest runs", run_runs)
    listed.add_argument("--task", metavar="ID")
    listed.add_argument("--status")
    listed.add_argument("-n", type=int, default=20)
    _add(run_verbs, "show", "one run", run_run, "run_id")
    steering.add_run_verbs(run_verbs)
    stack.add_stack(run_verbs)
    logs = run_verbs.add_parser("logs", help="a run's log lines")
    logs.add_argument("run_id")
    logs.add_argument("-f", "--follow", action="store_true", help="until the run ends")
    logs.set_defaults(run=run_logs)


def run_tasks(options: argparse.Namespace) -> int:
    """List all tasks."""
    found = reads.tasks(open_system(), datetime.now(UTC))
    if options.json:
        return print_json({"tasks": found, "total": len(found)})
    print_table(("TASK", "STATE", "SCHEDULE", "NEXT", "LAST"), [_task_row(view) for view in found])
    return 0


def run_task(options: argparse.Namespace) -> int:
    """Show one task."""
    return print_json(reads.task(open_system(), options.task_id, datetime.now(UTC)))


def run_next(options: argparse.Namespace) -> int:
    """Show when a task fires next."""
    system, now = open_system(), datetime.now(UTC)
    found = reads.fire_times(system, options.task_id, options.n, now=now)
    if options.json:
        return print_json(found)
    print(found.text)
    if held := _held(reads.task(system, options.task_id, now)):
        print(held)
    for fire in found.fire_times:
        print(
            fire.at.isoformat(),
            {"gap": "(moved: the hour is skipped)", "repeat": "(the hour comes twice)"}.get(
                fire.note or "", ""
            ),
        )
    return 0


def _held(view: TaskView) -> str:
    """Say of a paused task that what follows will not happen as long as it stays so."""
    if view.pause is not None:
        until = f" until {view.pause.until:%Y-%m-%d %H:%M}Z" if view.pause.until else ""
        by = f"{view.pause.by}: {view.pause.reason}"
        return f"It is paused{until} ({by}); none of these fires meanwhile."
    return "Everything is paused; none of these fires meanwhile." if view.paused_by_all else ""


def run_runs(options: argparse.Namespace) -> int:
    """List the newest runs."""
    page = reads.runs(open_system(), task_id=options.task, status=options.status, limit=options.n)
    if options.json:
        return print_json({"runs": page.items, "next_cursor": page.next_cursor})
    print_table(
        ("RUN", "STATUS", "AT", "SECONDS", "REASON"), [_run_row(view) for view in page.items]
    )
    return 0


def run_run(options: argparse.Namespace) -> int:
    """Show one run."""
    return print_json(reads.run(open_system(), options.run_id))


def run_logs(options: argparse.Namespace) -> int:
    """Print a run's log, following it where asked to."""
    system, after = open_system(), 0
    while True:
        page = reads.run_log(system, options.run_id, after)
        for line in page.lines:
            print(f"{line.at:%H:%M:%S} {line.level:<7} {line.message}", flush=True)
        after = page.next
        if page.complete or (not options.follow and not page.lines):
            if page.dropped:
                print(f"({page.dropped} further lines were left out)", file=sys.stderr)
            return 0
        if not page.lines:
            sleep(0.5)


def _add(verbs: Commands, name: str, text: str, run: Any, *names: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text)
    for positional in names:
        parser.add_argument(positional)
    add_json(parser)
    parser.set_defaults(run=run)
    return parser


def _task_row(view: TaskView) -> tuple[str, ...]:
    return (
        view.id,
        view.state,
        view.schedule.text if view.schedule else "by hand",
        second_of(view.next_run_at),
        view.last_run.status if view.last_run else "–",
    )


def _run_row(view: RunView) -> tuple[str, ...]:
    seconds = "" if view.duration_seconds is None else f"{view.duration_seconds:.2f}"
    return view.run_id, view.status, second_of(view.at), seconds, _why(view)


def _why(view: RunView) -> str:
    """Say why a run ended as it did: its reason, else its error on one line."""
    if view.reason or view.error is None:
        return view.reason or ""
    return " ".join(f"{view.error.type}: {view.error.message}".split())[:LONGEST_WHY]
