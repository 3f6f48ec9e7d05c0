"""The past 7 days hour by hour: how much ran, and how much of it went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, literal_column, select

from app.reads.deploys import deploys_since
from app.reads.problems import BAD_ENDS
from app.reads.shapes import WeekCell, WeekView
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import runs
from app.system import System

DAYS = 7
HOUR = 3600
# Only so many of the newest runs are counted: about a second's work at the very worst.
MOST = 300_000


def week(system: System, now: datetime, zone: ZoneInfo) -> WeekView:
    """Return counts by task and hour since midnight 6 days ago in `zone`. Raises Unavailable."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    start = (midnight - timedelta(days=DAYS - 1)).replace(fold=0)
    offset = int((local.utcoffset() or timedelta()).total_seconds()) % HOUR
    with reading(system.database) as connection:
        rows, released = read_together(
            connection, _counts(start, now, offset), deploys_since(start)
        )
    return WeekView(
        start=start,
        end=now,
        cells=tuple(_cell(row, offset) for row in rows),
        releases=tuple(row.at for row in released),
        capped=sum(row.number for row in rows) >= MOST,
    )


def _counts(start: datetime, now: datetime, offset: int) -> Select[Any]:
    """Count by task, status and hour; hours begin where they do in a zone of that offset."""
    newest = (
        select(runs.c.task_id, runs.c.status, func.extract("epoch", runs.c.at).label("second"))
        .where(runs.c.at >= start, runs.c.at <= now)
        .order_by(runs.c.at.desc(), runs.c.run_id.desc())
        .limit(MOST)
        .subquery("newest")
    )
    hour = func.floor((newest.c.second + literal_column(str(offset))) / literal_column(f"{HOUR}.0"))
    by = newest.c.task_id, newest.c.status, hour
    return select(
        newest.c.task_id, newest.c.status, hour.label("hour"), func.count().label("number")
    ).group_by(*by)


def _cell(row: Fields, offset: int) -> WeekCell:
    start = datetime.fromtimestamp(int(row.hour) * HOUR - offset, ZoneInfo("UTC"))
    return WeekCell(row.task_id, start, row.status, row.number, row.status in BAD_ENDS)
