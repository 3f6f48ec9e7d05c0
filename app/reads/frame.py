"""What stands around every page, for one query and one Redis round trip."""

from __future__ import annotations

from datetime import datetime

from app.reads.live import ask_redis
from app.reads.newest import newest_runs
from app.reads.problems import LastRun, Status, problems_of, status_of
from app.reads.run_rows import LIGHT, run_view
from app.reads.shapes import FrameView
from app.reads.standing import missed_lately, pauses_of_more_than_tasks
from app.reads.task_views import NEVER_EXECUTED
from app.reads.together import read_together
from app.records.database import reading
from app.records.schema import runs
from app.system import System


def frame(system: System, now: datetime) -> FrameView:
    """Return how the whole stands, as far as every page tells it. Raises Unavailable for SQL."""
    names = list(system.catalogue.tasks)
    executed = runs.c.status.not_in(NEVER_EXECUTED), runs.c.at <= now
    newest = newest_runs(system.database.dialect.name, LIGHT, names, 1, *executed)
    with reading(system.database) as connection:
        last, missed, paused = read_together(
            connection, newest, missed_lately(now), pauses_of_more_than_tasks()
        )
    ends = [
        LastRun(row.task_id, system.catalogue.tasks[row.task_id].name, run_view(row))
        for row in last
    ]
    whole = Status(ask_redis(system, now), paused, missed[0].missed)
    problems = problems_of(whole, ends, now)
    return FrameView(status_of(whole.live, problems), len(problems), whole.everything)
