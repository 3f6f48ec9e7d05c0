"""How long a task's runs usually take, from those that succeeded lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from app.reads.percentiles import percentile
from app.reads.shapes import Pace
from app.reads.together import Fields
from app.records.schema import runs

# The newest runs that are looked at, however many of them succeeded.
LOOKED_AT = 100
# Fewer tell nothing.
FEWEST = 3


def lately(run_id: str) -> Select[Any]:
    """Return the read of when runs of the same task, which succeeded lately, began and ended."""
    me = runs.alias("me")
    task_id = select(me.c.task_id).where(me.c.run_id == run_id).scalar_subquery()
    newest = (
        select(runs.c.status, runs.c.started_at, runs.c.ended_at)
        .where(runs.c.task_id == task_id)
        .order_by(runs.c.at.desc(), runs.c.run_id.desc())
        .limit(LOOKED_AT)
        .subquery("newest_runs")
    )
    done = newest.c.status == "succeeded", newest.c.started_at.is_not(None)
    return select(newest.c.started_at, newest.c.ended_at).where(*done)


def pace(rows: Sequence[Fields]) -> Pace | None:
    """Return median and 90th percentile; None where too few are known."""
    took = sorted(
        (row.ended_at - row.started_at).total_seconds() for row in rows if row.ended_at is not None
    )
    half, most = percentile(took, 50), percentile(took, 90)
    if half is None or most is None or len(took) < FEWEST:
        return None
    return Pace(len(took), half, most)
