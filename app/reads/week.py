"""The past 7 days by hours or by tasks: how much ran, and how much of it went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.reads.counted import HOUR, counts_by_day, counts_by_hour
from app.reads.deploys import deploys_since
from app.reads.problems import BAD_ENDS
from app.reads.shapes import WeekCell, WeekView
from app.reads.together import read_together
from app.records.database import reading
from app.records.roll_ups import EVERY_TASK
from app.system import System

DAYS = 7
MOST_TASKS = 40


def week(system: System, now: datetime, zone: ZoneInfo, task_id: str = "") -> WeekView:
    """Return counts by hour since midnight 6 days ago in `zone`, of all tasks or of one.

    Raises Unavailable.
    """
    start, offset = _days(now, zone)[0], _offset(now, zone)
    hours = counts_by_hour(task_id or EVERY_TASK, start, now, offset)
    with reading(system.database) as connection:
        rows, released = read_together(connection, hours, deploys_since(start))
    cells = tuple(
        WeekCell(
            task_id,
            datetime.fromtimestamp(int(row.hour) * HOUR - offset, UTC),
            row.status,
            int(row.number),
            row.status in BAD_ENDS,
        )
        for row in rows
    )
    return WeekView(start, now, cells, tuple(row.at for row in released))


def week_of_tasks(system: System, now: datetime, zone: ZoneInfo, after: str = "") -> WeekView:
    """Return counts by task and day, of the tasks from the id `after` on. Raises Unavailable."""
    later = sorted(task_id for task_id in system.catalogue.tasks if task_id > after)
    names, days = later[:MOST_TASKS], _days(now, zone)
    with reading(system.database) as connection:
        (rows,) = read_together(connection, counts_by_day([*names, EVERY_TASK], days))
    cells = [
        WeekCell(row.task_id, days[row.day], row.status, int(row.number), row.status in BAD_ENDS)
        for row in rows
    ]
    return WeekView(
        start=days[0],
        end=now,
        cells=tuple(cell for cell in cells if cell.task_id != EVERY_TASK),
        releases=(),
        whole=tuple(cell for cell in cells if cell.task_id == EVERY_TASK),
        task_ids=tuple(names),
        following=names[-1] if len(later) > len(names) else None,
    )


def _days(now: datetime, zone: ZoneInfo) -> Sequence[datetime]:
    """Return the midnights of the past days, and the coming one."""
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return [today + timedelta(days=number) for number in range(1 - DAYS, 2)]


def _offset(now: datetime, zone: ZoneInfo) -> int:
    return int((now.astimezone(zone).utcoffset() or timedelta()).total_seconds()) % HOUR
