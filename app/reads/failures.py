"""Failures by cause: task, error class, and innermost frame of our own code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from app.reads.problems import BAD_ENDS
from app.reads.run_rows import LISTED, error_part
from app.reads.shapes import FailureGroup, Failures
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import releases, runs
from app.system import System

WINDOW = timedelta(days=7)
# Only the newest are looked at, so that a bad week costs what a good one does.
MOST = 1_000
TREND_BARS = 14


def failures(
    system: System, now: datetime, task_id: str | None = None, fingerprint: str | None = None
) -> Failures:
    """Return the causes of the past 7 days, the newest first; of one task or cause if named.

    Raises Unavailable.
    """
    newest = _newest(now, task_id)
    with reading(system.database) as connection:
        rows, released = read_together(
            connection, newest, select(func.max(releases.c.at).label("at"))
        )
    since, released_at = now - WINDOW, released[0].at
    grouped: dict[tuple[str, str, str], list[Fields]] = {}
    for row in rows:
        row.cause = row.error_fingerprint or row.status
        if fingerprint in (None, row.cause):
            grouped.setdefault((row.task_id, row.error_type or "", row.cause), []).append(row)
    groups = [_group(found, since, now, released_at) for found in grouped.values()]
    groups.sort(key=lambda group: group.last_at, reverse=True)
    return Failures(tuple(groups), since, released_at, capped=len(rows) == MOST)


def failed_runs(system: System, now: datetime, task_id: str, fingerprint: str) -> list[str]:
    """Return the ids of a group's runs, newest first."""
    with reading(system.database) as connection:
        (rows,) = read_together(connection, _newest(now, task_id))
    return [row.run_id for row in rows if (row.error_fingerprint or row.status) == fingerprint]


def _newest(now: datetime, task_id: str | None) -> Select[Any]:
    found = select(*LISTED, error_part("fingerprint", 64)).where(
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


def _trend(times: Sequence[datetime], since: datetime, now: datetime) -> tuple[int, ...]:
    """Count per half day, oldest first."""
    bars = [0] * TREND_BARS
    for at in times:
        share = (at - since) / (now - since)
        bars[min(TREND_BARS - 1, max(0, int(share * TREND_BARS)))] += 1
    return tuple(bars)
