"""What steers tasks and runs."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from app import actions, logs
from app.cli.opening import (
    add_arguments_option,
    add_schedule_options,
    arguments_of,
    needed_time,
    open_system,
    operator,
    schedule_of,
    time_of,
)
from app.cli.printing import print_done
from app.cli.types import Commands
from app.outcomes import Outcome
from app.run_here import run_here
from app.run_jobs import fire_run_id, manual_run_id
from app.tasks import Task

# System cron starts its jobs within the minute; what is older belongs to the next fire time.
DUE_WITHIN = timedelta(seconds=59)


def add_verbs(verbs: Commands) -> None:
    run = verbs.add_parser("run", help="run a task here and now, without Redis")
    run.add_argument("task_id")
    add_arguments_option(run)
    run.add_argument("--lock", action="store_true", help="do nothing while it runs elsewhere")
    run.add_argument("--if-due", action="store_true", help="only at a fire time of its schedule")
    run.set_defaults(run=run_task)
    trigger = verbs.add_parser("trigger", help="queue a run for the workers")
    trigger.add_argument("task_id")
    add_arguments_option(trigger)
    trigger.add_argument("--at", metavar="TIME", help="not now but then (RFC 3339)")
    trigger.add_argument("--start-within", metavar="SPAN", help="expires after it, such as 10m")
    trigger.add_argument("--at-front", action="store_true", help="before others of its queue")
    trigger.set_defaults(run=run_trigger)
    pause = verbs.add_parser("pause", help="stop a task's coming fire times")
    pause.add_argument("task_id")
    pause.add_argument("--reason", required=True)
    pause.add_argument("--until", metavar="TIME", help="resume by itself then (RFC 3339)")
    pause.set_defaults(run=run_pause)
    resume = verbs.add_parser("resume", help="let a task fire again")
    resume.add_argument("task_id")
    resume.set_defaults(run=run_resume)
    skip = verbs.add_parser("skip", help="let a coming fire time pass")
    skip.add_argument("task_id")
    skip.add_argument("--at", metavar="TIME", help="which one (RFC 3339); default: the next")
    skip.set_defaults(run=run_skip)
    reschedule = verbs.add_parser("reschedule", help="let a task, or one schedule, fire otherwise")
    reschedule.add_argument("schedule_id", metavar="ID")
    add_schedule_options(reschedule)
    reschedule.set_defaults(run=run_reschedule)
    reset = verbs.add_parser("reset", help="let the code's own schedule hold again")
    reset.add_argument("schedule_id", metavar="ID")
    reset.set_defaults(run=run_reset)


def add_run_verbs(verbs: Commands) -> None:
    """Add what can be done with one run."""
    for name, text, act in (
        ("cancel", "take a waiting run out before it starts", actions.cancel),
        ("stop", "end a running run", actions.stop),
        ("retry", "try an ended run again under its id", actions.retry),
    ):
        parser = verbs.add_parser(name, help=text)
        parser.add_argument("run_id")
        parser.set_defaults(run=run_act, act=act, done=name)
    move = verbs.add_parser("reschedule", help="let a waiting run start at another time")
    move.add_argument("run_id")
    move.add_argument("--at", metavar="TIME", required=True, help="when (RFC 3339)")
    move.set_defaults(run=run_move)
    again = verbs.add_parser("again", help="make a new run like this one")
    again.add_argument("run_id")
    add_arguments_option(again)
    again.set_defaults(run=run_again)


def run_task(options: argparse.Namespace) -> int:
    """Run a task here; 0 when it succeeded, was skipped, or was not due, else 1."""
    system = open_system()
    logs.configure("run", system.settings)
    task = system.catalogue.task(options.task_id)
    now = datetime.now(UTC)
    fire_time = None
    if options.if_due:
        fire_time = _due(task, system.settings.timezone, now)
        if fire_time is None:
            print(f"{task.id} is not due.")
            return 0
    run_id = fire_run_id(task.id, fire_time) if fire_time else manual_run_id(task.id, now)
    outcome = run_here(
        system,
        task,
        arguments_of(options),
        run_id,
        operator().name,
        fire_time=fire_time,
        lock=options.lock,
    )
    return _tell(run_id, outcome)


def run_trigger(options: argparse.Namespace) -> int:
    """Queue a run."""
    at = time_of(options.at, "--at")
    accepted = actions.trigger(
        open_system(),
        operator(),
        options.task_id,
        arguments_of(options),
        at,
        start_within=options.start_within,
        at_front=options.at_front,
    )
    note = accepted.note or ""
    if accepted.status == "pending":
        note = "Redis is away: it is queued as soon as Redis is back"
    print(f"{accepted.run_id} {accepted.status}" + (f" ({note})" if note else ""))
    return 0


def run_pause(options: argparse.Namespace) -> int:
    """Pause one task."""
    until = time_of(options.until, "--until")
    applied = actions.pause(open_system(), operator(), options.task_id, options.reason, until)
    return print_done(f"{options.task_id} is paused", applied)


def run_resume(options: argparse.Namespace) -> int:
    """Resume one task."""
    applied = actions.resume(open_system(), operator(), options.task_id)
    return print_done(f"{options.task_id} goes on", applied)


def run_skip(options: argparse.Namespace) -> int:
    """Skip one fire time."""
    at = time_of(options.at, "--at")
    skipped = actions.skip(open_system(), operator(), options.task_id, at)
    print(f"{options.task_id} does not run at {skipped.isoformat()}.")
    return 0


def run_reschedule(options: argparse.Namespace) -> int:
    """Change when a schedule fires."""
    wanted = schedule_of(options)
    applied = actions.reschedule(open_system(), operator(), options.schedule_id, **wanted)
    return print_done(f"{options.schedule_id} is rescheduled", applied)


def run_reset(options: argparse.Namespace) -> int:
    """Take people's changes of a schedule back."""
    applied = actions.reset(open_system(), operator(), options.schedule_id)
    return print_done(f"{options.schedule_id} is as the code says", applied)


def run_act(options: argparse.Namespace) -> int:
    """Cancel, stop or retry a run."""
    applied = options.act(open_system(), operator(), options.run_id)
    return print_done(f"{options.run_id}: {options.done}", applied)


def run_move(options: argparse.Namespace) -> int:
    """Let a waiting run start later or sooner."""
    at = needed_time(options.at, "--at")
    applied = actions.move(open_system(), operator(), options.run_id, at)
    return print_done(f"{options.run_id} starts at {options.at}", applied)


def run_again(options: argparse.Namespace) -> int:
    """Make a new run like an earlier one."""
    given = arguments_of(options)
    accepted = actions.again(open_system(), operator(), options.run_id, given or None)
    print(f"{accepted.run_id} {accepted.status}")
    return 0


def _due(task: Task[Any, Any], timezone: str, now: datetime) -> datetime | None:
    """Return the fire time of the task's first schedule that has just come."""
    if not task.schedules:
        return None
    schedule = task.schedules[0].schedule.in_zone(timezone)
    return schedule.latest(now - DUE_WITHIN, now)


def _tell(run_id: str, outcome: Outcome) -> int:
    print(f"{run_id} {outcome.kind}" + (f": {outcome.reason}" if outcome.reason else ""))
    if outcome.result is not None:
        print(json.dumps(outcome.result, indent=2, ensure_ascii=False))
    if outcome.error:
        print(outcome.error["traceback"] or outcome.error["message"], file=sys.stderr)
    return 0 if outcome.kind in ("succeeded", "skipped") else 1
