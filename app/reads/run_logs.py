"""A run's log: live from Redis, kept in SQL once the run has ended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import keys
from app.connection import asking_redis
from app.errors import Invalid, Unknown
from app.masking import mask_text
from app.reads.together import read_together
from app.records.database import reading
from app.records.schema import run_logs
from app.records.schema import runs as table
from app.run_log import read_lines
from app.system import System
from app.views import ENDED, LogLine, LogPage

LONGEST_PAGE = 1000
WHOLE = re.compile(rb"[0-9]{1,15}")


def run_log(system: System, run_id: str, after: int = 0, limit: int = LONGEST_PAGE) -> LogPage:
    """Return log lines from position `after` on; live ones from Redis, else the kept ones.

    Raises Unknown, Invalid, Unavailable.
    """
    if after < 0 or not 1 <= limit <= LONGEST_PAGE:
        raise Invalid("Not a position in the log.", {"after": "0 or more", "limit": "1 to 1000"})
    with reading(system.database) as connection:
        rows, kept = read_together(
            connection,
            select(table.c.status).where(table.c.run_id == run_id),
            select(run_logs).where(run_logs.c.run_id == run_id),
        )
    ended = bool(rows) and rows[0].status in ENDED
    if ended and kept:
        return kept_page(list(kept[0].lines), after, kept[0].dropped, limit)
    with asking_redis():
        pipeline = system.redis.pipeline(transaction=False)
        pipeline.lrange(keys.log(run_id), after, after + limit - 1)
        pipeline.hget(keys.job(run_id), "rota_log_dropped")
        pipeline.exists(keys.job(run_id))
        found, dropped, exists = pipeline.execute(raise_on_error=False)
    if not rows and not exists:
        raise Unknown("run", run_id)
    lines = read_lines(found) if isinstance(found, list) else []
    return _page(lines, after, _whole(dropped), ended and len(lines) < limit)


def kept_page(
    lines: list[Mapping[str, str]], after: int, dropped: int, limit: int = LONGEST_PAGE
) -> LogPage:
    """Return a page of a log that is complete."""
    return _page(lines[after : after + limit], after, dropped, after + limit >= len(lines))


def live_page(length: Any, lines: Any, *, dropped: Any) -> LogPage:
    """Return the end of a log that may still grow; garbage counts as an empty one."""
    found = read_lines(lines) if isinstance(lines, list) else []
    total = length if isinstance(length, int) else len(found)
    return _page(found, max(0, total - len(found)), _whole(dropped), False)


def _page(lines: Sequence[Mapping[str, str]], after: int, dropped: int, complete: bool) -> LogPage:
    views = tuple(
        LogLine(
            datetime.fromisoformat(line["at"]),
            line["level"],
            line["logger"],
            mask_text(line["message"]),
        )
        for line in lines
    )
    return LogPage(views, after + len(lines), dropped, complete)


def _whole(text: Any) -> int:
    return int(text) if isinstance(text, bytes) and WHOLE.fullmatch(text) else 0
