"""What stands around every page, for one query and one Redis round trip."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select

from app.reads.live import Live, ask_redis
from app.reads.newest import last_runs_of
from app.reads.problems import (
    BAD_ENDS,
    LastRun,
    Status,
    needing,
    problems_of,
    status_of,
)
from app.reads.run_rows import LIGHT, run_view
from app.reads.shapes import FrameView
from app.reads.standing import status_from, what_is_wrong
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.roll_ups import EXECUTED
from app.records.schema import last_runs
from app.system import System
from app.views import Problem


def frame(system: System, now: datetime) -> FrameView:
    """Return how the whole stands, as far as every page tells it. Raises Unavailable for SQL."""
    around, _, _ = frame_and_more(system, now, ask_redis(system, now))
    return around


def frame_and_more(
    system: System, now: datetime, live: Live, *more: Select[Any]
) -> tuple[FrameView, Status, list[list[Fields]]]:
    """Return the frame of a page that has asked Redis itself, and the rows of its own reads."""
    basis = reads_of_frame(now)
    with reading(system.database) as connection:
        found = read_together(connection, *basis, *more)
    return *frame_from(system, live, found, now), found[len(basis) :]


def reads_of_frame(now: datetime) -> tuple[Select[Any], ...]:
    """Return the reads that `frame_from` takes the rows of."""
    bad = last_runs_of(LIGHT, EXECUTED).where(last_runs.c.status.in_(BAD_ENDS))
    return bad, *what_is_wrong(now)


def frame_from(
    system: System, live: Live, found: Sequence[list[Fields]], now: datetime
) -> tuple[FrameView, Status]:
    """Lay together what Redis says and what `reads_of_frame` read."""
    whole, problems = problems_from(system, live, found, now)
    return FrameView(status_of(live, problems), needing(problems), whole.everything), whole


def problems_from(
    system: System, live: Live, found: Sequence[list[Fields]], now: datetime
) -> tuple[Status, tuple[Problem, ...]]:
    """Return how the whole stands, and what needs a person."""
    bad, *wrong = found[:4]
    ends = [
        LastRun(row.task_id, system.catalogue.tasks[row.task_id].name, run_view(row))
        for row in bad
        if row.task_id in system.catalogue.tasks
    ]
    whole = status_from(live, wrong)
    return whole, problems_of(whole, ends, system.catalogue, now)
