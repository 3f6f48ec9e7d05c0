"""Failures by cause: task, error class, and innermost frame of our own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from app.reads.problems import BAD_ENDS
from app.reads.run_rows import LONGEST_LINE, error_part
from app.reads.shapes import DismissalView, FailureGroup, Failures
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import dismissals, releases, runs
from app.system import System

WINDOW = timedelta(days=7)
# Only the newest are looked at, so that a bad week costs what a good one does.
MOST = 1_000
TREND_BARS = 14
# As little of each run as the groups tell: there may be a thousand of them.
TOLD = [
    *(runs.c[name] for name in ("run_id", "task_id", "status", "reason", "at", "ended_at")),
    error_part("type", 200),
    error_part("message", LONGEST_LINE),
    error_part("fingerprint", 64),
]


def failures(
    system: System, now: datetime, task_id: str | None = None, fingerprint: str | None = None
) -> Failures:
    """Return the causes of the past 7 days, the newest first; of one task or cause if named.

    Raises Unavailable.
    """
    deploy = select(func.max(releases.c.at).label("at"))
    with reading(system.database) as connection:
        rows, released, put_aside = read_together(
            connection, _newest(now, task_id), deploy, select(dismissals)
        )
    since, released_at = now - WINDOW, released[0].at
    aside = {(row.task_id, row.cause): row for row in put_aside}
    grouped: dict[tuple[str, str, str], list[Fields]] = {}
    for row in rows:
        row.cause = row.error_fingerprint or row.status
        if fingerprint in (None, row.cause):
            grouped.setdefault((row.task_id, row.error_type or "", row.cause), []).append(row)
    groups = [
        _dismissed(_group(found, since, now, released_at), found, aside.get((task, cause)))
        for (task, _, cause), found in grouped.items()
    ]
    groups.sort(key=lambda group: group.last_at, reverse=True)
    return Failures(
        groups=tuple(group for group in groups if not _is_aside(group)),
        since=since,
        released_at=released_at,
        capped=len(rows) == MOST,
        dismissed=tuple(group for group in groups if _is_aside(group)),
    )


def failed_runs(system: System, now: datetime, task_id: str, fingerprint: str) -> list[str]:
    """Return the ids of a group's runs, newest first."""
    with reading(system.database) as connection:
        (rows,) = read_together(connection, _newest(now, task_id))
    return [row.run_id for row in rows if (row.error_fingerprint or row.status) == fingerprint]


def _newest(now: datetime, task_id: str | None) -> Select[Any]:
    found = select(*TOLD).where(
        runs.c.status.in_(BAD_ENDS), runs.c.at > now - WINDOW, runs.c.at <= now
    )
    if task_id:
        found = found.where(runs.c.task_id == task_id)
    return found.order_by(runs.c.at.desc(), runs.c.run_id.desc()).limit(MOST)


def _group(
    rows: Sequence[Fields], since: datetime, now: datetime, released_at: datetime | None
) -> FailureGroup:
    newest, oldest = rows[0], rows[-1]
    message = (newest.error_message or newest.reason or newest.status).strip()
    return FailureGroup(
        task_id=newest.task_id,
        type=newest.error_type or newest.status,
        fingerprint=newest.cause,
        message=message.partition("\n")[0],
        count=len(rows),
        first_at=oldest.at,
        last_at=newest.at,
        sample_run_id=newest.run_id,
        new=released_at is not None and oldest.at >= released_at,
        trend=_trend([row.at for row in rows], since, now),
    )


def _dismissed(group: FailureGroup, rows: Sequence[Fields], row: Fields | None) -> FailureGroup:
    """Lay over a group that somebody put it aside."""
    if row is None:
        return group
    later = sum((one.ended_at or one.at) > row.at for one in rows)
    view = DismissalView(row.by, row.at, row.reason)
    return replace(group, dismissal=view, since_dismissal=later)


def _is_aside(group: FailureGroup) -> bool:
    return group.dismissal is not None and not group.since_dismissal


def _trend(times: Sequence[datetime], since: datetime, now: datetime) -> tuple[int, ...]:
    """Count per half day, oldest first."""
    bars = [0] * TREND_BARS
    for at in times:
        share = (at - since) / (now - since)
        bars[min(TREND_BARS - 1, max(0, int(share * TREND_BARS)))] += 1
    return tuple(bars)
