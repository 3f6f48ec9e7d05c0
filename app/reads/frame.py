"""What stands around every page, for one query and one Redis round trip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.reads.live import Live, ask_redis
from app.reads.newest import newest_runs
from app.reads.problems import LastRun, Status, needing, problems_of, status_of
from app.reads.run_rows import LIGHT, run_view
from app.reads.shapes import FrameView
from app.reads.standing import status_from, what_is_wrong
from app.reads.task_views import NEVER_EXECUTED
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.schema import runs
from app.system import System


def frame(system: System, now: datetime) -> FrameView:
    """Return how the whole stands, as far as every page tells it. Raises Unavailable for SQL."""
    around, _, _ = frame_and_more(system, now, ask_redis(system, now))
    return around


def frame_and_more(
    system: System, now: datetime, live: Live, *more: Select[Any]
) -> tuple[FrameView, Status, list[list[Fields]]]:
    """Return the frame of a page that has asked Redis itself, and the rows of its own reads."""
    names = list(system.catalogue.tasks)
    executed = runs.c.status.not_in(NEVER_EXECUTED), runs.c.at <= now
    newest = newest_runs(system.database.dialect.name, LIGHT, names, 1, *executed)
    wrong = what_is_wrong(now)
    with reading(system.database) as connection:
        last, *rows = read_together(connection, newest, *wrong, *more)
    ends = [
        LastRun(row.task_id, system.catalogue.tasks[row.task_id].name, run_view(row))
        for row in last
    ]
    whole = status_from(live, rows[: len(wrong)])
    problems = problems_of(whole, ends, now)
    around = FrameView(status_of(live, problems), needing(problems), whole.everything)
    return around, whole, rows[len(wrong) :]
