"""Set applications aside in which nothing happened for 90 days, every night."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine

from app import (
    Conflict,
    Invalid,
    Retry,
    RotaError,
    cron,
    current_database,
    current_run,
    task,
)
from jobs.recruiting.archive.plan import LARGEST_SHARE, ArchivePlan, make_plan
from jobs.recruiting.archive.rule import VERSION
from jobs.recruiting.archive.taking import take

MOST_POSITIONS = 20
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArchiveResult:
    """What a run archived, by position, and what it kept, by reason. `open` counts the
    applications under way before it, `restore` is the command that undoes it."""

    message: str
    archived: int
    skipped: int
    dry_run: bool
    open: int
    by_position: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    rule_version: int = VERSION
    restore: str = ""


@task(
    cron("0 3 * * *"),
    queue="low",
    timeout="30m",
    retry=Retry(3, backoff="1m..1h"),
    overlap="skip",
    misfire="latest",
)
def archive_old_applications(
    dry_run: bool = False, days: int = 90, allow_many: bool = False
) -> ArchiveResult:
    """Archive applications without activity for 90 days.

    Nothing is deleted: an archived application keeps everything and can be given back with
    `python -m app archive restore RUN_ID`. One with a future interview, an open offer or a legal
    hold stays, as does what was given back before. More than a quarter of the open applications
    at once only with allow_many. dry_run says what would happen.
    """
    now = datetime.now(UTC)
    result = archive(
        current_database(),
        now,
        _run_id(now),
        days=days,
        dry_run=dry_run,
        allow_many=allow_many,
    )
    log.info("%s", result.message)
    return result


def _run_id(now: datetime) -> str:
    try:
        return current_run().run_id
    except RotaError:
        return f"archive_old_applications--{now:%Y%m%dT%H%M%S%f}"


def archive(
    engine: Engine,
    now: datetime,
    run_id: str,
    *,
    days: int = 90,
    dry_run: bool = False,
    allow_many: bool = False,
) -> ArchiveResult:
    """Archive what is eligible at `now`. Raises Conflict when that is suspiciously much, Invalid
    for a number of days that makes no sense."""
    if not 1 <= days <= 3650:
        raise Invalid("days must be from 1 to 3650.", {"days": "from 1 to 3650"})
    plan = make_plan(engine, now, days, run_id)
    if dry_run:
        return _result(plan, len(plan.taken), run_id, days, dry_run=True)
    if plan.too_many and not allow_many:
        raise Conflict(_refusal(plan, days))
    archived = take(engine, plan, now, days, run_id)
    return _result(plan, archived, run_id, days, dry_run=False)


def _refusal(plan: ArchivePlan, days: int) -> str:
    return (
        f"{len(plan.taken) + plan.done:,} of {plan.open + plan.done:,} open applications had no "
        f"activity for {days} days, {plan.share:.0%}; at most {LARGEST_SHARE:.0%} are archived at "
        "once. If that is right, run the task with allow_many = true. Nothing more was archived."
    )


def _result(
    plan: ArchivePlan, archived: int, run_id: str, days: int, *, dry_run: bool
) -> ArchiveResult:
    by_position = dict(list(plan.by_position().items())[:MOST_POSITIONS])
    total = archived + plan.done
    return ArchiveResult(
        message=_message(plan, archived, days, dry_run=dry_run),
        archived=0 if dry_run else total,
        skipped=len(plan.taken) - archived,
        dry_run=dry_run,
        open=plan.open + plan.done,
        by_position=by_position,
        kept=dict(plan.kept),
        restore=f"python -m app archive restore {run_id}" if total and not dry_run else "",
    )


def _message(plan: ArchivePlan, archived: int, days: int, *, dry_run: bool) -> str:
    total = archived + plan.done
    of = f"of {plan.open + plan.done:,} open applications"
    if dry_run:
        text = f"A dry run: {archived:,} {of} would be archived, nothing was changed."
    elif total:
        text = f"{total:,} {of} archived: no activity for {days} days."
    else:
        text = f"Nothing to do: no open application may be archived ({days} days)."
    if left := len(plan.taken) - archived:
        text += f" {left:,} changed meanwhile and were left alone."
    if plan.kept:
        text += " Kept: " + ", ".join(f"{n:,} with {why}" for why, n in plan.kept.items()) + "."
    return text
