"""A single run and its log: SQL, with what Redis knows more recently laid over it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Select, select, tuple_

from app import keys
from app.errors import Unavailable, Unknown
from app.reads.kin import kin, kin_views
from app.reads.pace import lately, pace
from app.reads.run_logs import kept_page, live_page
from app.reads.run_rows import LISTED, attempt_view, live_view, masked, run_view
from app.reads.shapes import RunDetail
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import attempts, run_logs
from app.records.schema import runs as table
from app.system import System
from app.views import LogPage, RunView

log = logging.getLogger("rota.reads")

# What only Redis knows of a running run.
TELEMETRY = ("progress", "cpu_seconds", "rss_bytes", "max_rss_bytes", "memory_shared", "stack")
LONGEST_RUN_ID = 200
# What reading a hash raises that somebody else wrote.
GARBAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError, RecursionError)


def run(system: System, run_id: str) -> RunView:
    """Return one run, found from the moment it was accepted. Raises Unknown, Unavailable."""
    return masked(stored_run(system, run_id))


def stored_run(system: System, run_id: str) -> RunView:
    """Return one run with its arguments as they are, to be acted on and never to be shown."""
    view, _ = _laid_over(system, run_id, *_of_run(run_id))
    return view


def run_with_kin(system: System, run_id: str) -> RunView:
    """Return one run with its children and dependencies. Raises Unknown, Unavailable."""
    whole, found = _laid_over(system, run_id, *_of_run(run_id), *kin(run_id))
    view = masked(whole)
    if not found.rows:
        return view
    children, dependencies = kin_views(found.rows[2:])
    return replace(view, children=children, dependencies=dependencies)


def run_page(
    system: System, run_id: str, log_lines: int
) -> tuple[RunView, RunDetail, LogPage | None]:
    """Return a run, its neighbours and kin, and the end of its log (None: Redis is away).

    One query, one Redis round trip. Raises Unknown, Unavailable.
    """
    logs = select(run_logs).where(run_logs.c.run_id == run_id)
    reads = (*_of_run(run_id), *_neighbours(run_id), logs, lately(run_id), *kin(run_id))
    whole, found = _laid_over(system, run_id, *reads, log_lines=log_lines)
    view = masked(whole)
    if not found.rows:
        return view, RunDetail(), found.log
    _, _, before, after, parent, kept, past, *related = found.rows
    children, dependencies = kin_views(related)
    detail = RunDetail(
        before=before[0].run_id if before else None,
        after=after[0].run_id if after else None,
        children=children,
        dependencies=dependencies,
        parent=run_view(parent[0]) if parent else None,
        pace=pace(past),
    )
    if view.ended and kept:
        lines, dropped = list(kept[0].lines), kept[0].dropped
        return view, detail, kept_page(lines, max(0, len(lines) - log_lines), dropped)
    return view, detail, found.log


class _Found:
    """What was read of a run: rows of SQL, and the live log."""

    def __init__(self, rows: list[list[Fields]], log: LogPage | None) -> None:
        self.rows = rows
        self.log = log


def _laid_over(
    system: System, run_id: str, *reads: Select[Any], log_lines: int = 0
) -> tuple[RunView, _Found]:
    if not 1 <= len(run_id) <= LONGEST_RUN_ID:
        raise Unknown("run", run_id)
    live, revision, page = _live(system, run_id, log_lines)
    try:
        with reading(system.database) as connection:
            rows = read_together(connection, *reads)
    except Unavailable:
        if live is None:
            raise
        return live, _Found([], page)
    found = _Found(rows, page)
    if not rows[0]:
        if live is None:
            raise Unknown("run", run_id)
        return live, found
    row = rows[0][0]
    recorded = run_view(row, tuple(attempt_view(one) for one in rows[1]))
    if live is None or (recorded.ended and row.revision >= revision):
        return recorded, found
    if row.revision >= revision:
        waits = live.reason or recorded.reason
        telemetry = {name: getattr(live, name) for name in TELEMETRY if live.status == "running"}
        return replace(recorded, reason=waits, **telemetry), found
    newer = replace(
        live,
        attempts=recorded.attempts,
        queued_at=recorded.queued_at or live.queued_at,
        reason=live.reason or recorded.reason,
    )
    return newer, found


def _of_run(run_id: str) -> tuple[Select[Any], ...]:
    tries = select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.attempt)
    return select(table).where(table.c.run_id == run_id), tries


def _neighbours(run_id: str) -> tuple[Select[Any], ...]:
    """Return the reads of the runs before and after, and of the parent."""
    me = table.alias("me")
    beside = (
        select(table.c.run_id)
        .select_from(me.join(table, table.c.task_id == me.c.task_id))
        .where(me.c.run_id == run_id)
    )
    here, there = tuple_(me.c.at, me.c.run_id), tuple_(table.c.at, table.c.run_id)
    older, newer = there < here, there > here
    parent = select(*LISTED).where(
        table.c.run_id == select(me.c.parent_run_id).where(me.c.run_id == run_id).scalar_subquery()
    )
    return (
        beside.where(older).order_by(table.c.at.desc(), table.c.run_id.desc()).limit(1),
        beside.where(newer).order_by(table.c.at, table.c.run_id).limit(1),
        parent,
    )


def _live(
    system: System, run_id: str, log_lines: int
) -> tuple[RunView | None, int, LogPage | None]:
    pipeline = system.redis.pipeline(transaction=False)
    pipeline.hgetall(keys.job(run_id))
    if log_lines:
        pipeline.llen(keys.log(run_id))
        pipeline.lrange(keys.log(run_id), -log_lines, -1)
    try:
        hashed, *logged = pipeline.execute(raise_on_error=False)
    except (RedisError, OSError):
        # SQL alone answers then; the page says elsewhere that Redis is away.
        return None, 0, None
    if not isinstance(hashed, dict):
        log.error("What Redis holds of run %s is no hash: %r", run_id, hashed)
        hashed = {}
    fields = {key.decode("utf-8", "replace"): value for key, value in hashed.items()}
    page = live_page(*logged, dropped=fields.get("rota_log_dropped")) if logged else None
    try:
        return live_view(run_id, fields), int(fields.get("rota_revision", b"0")), page
    except GARBAGE as error:
        log.error("What Redis holds of run %s cannot be read: %r", run_id, error)
        return None, 0, page
