"""A single run and its log: SQL, with what Redis knows more recently laid over it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import select

from app import keys
from app.connection import asking_redis
from app.errors import Invalid, Unavailable, Unknown
from app.reads.run_rows import attempt_view, live_view, run_view
from app.records.database import reading
from app.records.schema import attempts, run_logs
from app.records.schema import runs as table
from app.run_log import read_lines
from app.system import System
from app.views import LogLine, LogPage, RunView

log = logging.getLogger("rota.reads")

LONGEST_RUN_ID = 200


def run(system: System, run_id: str) -> RunView:
    """Return one run, found from the moment it was accepted. Raises Unknown, Unavailable."""
    if not 1 <= len(run_id) <= LONGEST_RUN_ID:
        raise Unknown("run", run_id)
    live, revision = _live(system, run_id)
    try:
        recorded, recorded_revision = _recorded(system, run_id)
    except Unavailable:
        if live is None:
            raise
        return live
    if recorded is None:
        if live is None:
            raise Unknown("run", run_id)
        return live
    if live is None or (recorded.ended and recorded_revision >= revision):
        return recorded
    if recorded_revision >= revision:
        return replace(recorded, progress=live.progress)
    return replace(
        live,
        attempts=recorded.attempts,
        queued_at=recorded.queued_at or live.queued_at,
        reason=recorded.reason,
    )


def run_log(system: System, run_id: str, after: int = 0, limit: int = 1000) -> LogPage:
    """Return log lines from position `after` on; live ones from Redis, else the kept ones.

    Raises Unknown, Invalid, Unavailable.
    """
    if after < 0 or not 1 <= limit <= 1000:
        raise Invalid("Not a position in the log.", {"after": "0 or more", "limit": "1 to 1000"})
    ended = run(system, run_id).ended
    kept = _kept_log(system, run_id) if ended else None
    if kept is not None:
        lines, dropped = kept
        return _page(lines[after : after + limit], after, dropped, after + limit >= len(lines))
    with asking_redis():
        found: Any = system.redis.lrange(keys.log(run_id), after, after + limit - 1)
        dropped_text: Any = system.redis.hget(keys.job(run_id), "rota_log_dropped")
    lines = read_lines(found)
    return _page(lines, after, int(dropped_text or 0), ended and len(lines) < limit)


def _live(system: System, run_id: str) -> tuple[RunView | None, int]:
    try:
        found: Any = system.redis.hgetall(keys.job(run_id))
        fields = {key.decode("utf-8", "replace"): value for key, value in found.items()}
        return live_view(run_id, fields), int(fields.get("rota_revision", b"0"))
    except (RedisError, OSError):
        # SQL alone answers then; the page says elsewhere that Redis is away.
        return None, 0
    except (ValueError, KeyError, TypeError) as error:
        log.error("What Redis holds of run %s cannot be read: %r", run_id, error)
        return None, 0


def _recorded(system: System, run_id: str) -> tuple[RunView | None, int]:
    with reading(system.database) as connection:
        row = connection.execute(select(table).where(table.c.run_id == run_id)).first()
        if row is None:
            return None, 0
        tries = connection.execute(
            select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.attempt)
        ).all()
    return run_view(row, tuple(attempt_view(one) for one in tries)), row.revision


def _kept_log(system: System, run_id: str) -> tuple[list[dict[str, str]], int] | None:
    with reading(system.database) as connection:
        row = connection.execute(select(run_logs).where(run_logs.c.run_id == run_id)).first()
    return None if row is None else (list(row.lines), row.dropped)


def _page(lines: list[dict[str, str]], after: int, dropped: int, complete: bool) -> LogPage:
    views = tuple(
        LogLine(datetime.fromisoformat(line["at"]), line["level"], line["logger"], line["message"])
        for line in lines
    )
    return LogPage(views, after + len(lines), dropped, complete)
