"""Which applications a summary tells of: each one once, whatever is late or fails.

A window is half-open, [since, until), and begins where the last one ended, not "24 hours ago".
Arrival (`created_at`) counts, not when somebody applied. What became visible only after its window
was read, because its transaction was long, is told of by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Select,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from app import Conflict, reading, writing
from jobs.recruiting.schema import applications, daily_summaries, summarised_applications

FIRST_WINDOW = timedelta(hours=24)
# No transaction that adds applications lasts longer.
STRAGGLERS = timedelta(hours=24)


@dataclass(frozen=True)
class Window:
    """A summary to be sent, with the number of applications it tells of."""

    id: int
    since: datetime
    until: datetime
    applications: int
    state: str


def unfinished(engine: Engine) -> Window | None:
    """Return the summary that was begun and could not be sent to everybody."""
    query = select(daily_summaries).where(daily_summaries.c.state == "open")
    with reading(engine) as connection:
        row = connection.execute(query.order_by(daily_summaries.c.since)).first()
    return None if row is None else _window(row)


def begin(engine: Engine, now: datetime, run_id: str | None, *, empty_too: bool) -> Window:
    """Open the window from the end of the last one until `now`, and note who is in it.

    An empty one stays `empty` and grows until somebody arrives; with `empty_too` it is opened
    like any other. Raises Conflict when another run begins one at the same moment.
    """
    try:
        with writing(engine) as connection:
            return _begin(connection, now, run_id, empty_too=empty_too)
    except IntegrityError as error:
        raise Conflict("Another run is beginning the summary of the same time.") from error


def finish(engine: Engine, window: Window, now: datetime) -> None:
    """Note that everybody has it."""
    with writing(engine) as connection:
        connection.execute(
            update(daily_summaries)
            .where(daily_summaries.c.id == window.id, daily_summaries.c.state == "open")
            .values(state="done", ended_at=now)
        )


def _begin(connection: Connection, now: datetime, run_id: str | None, *, empty_too: bool) -> Window:
    last = connection.execute(
        select(daily_summaries).order_by(daily_summaries.c.id.desc()).limit(1).with_for_update()
    ).first()
    begun = last is not None
    since = last.until if last is not None else now - FIRST_WINDOW
    # A clock that was put back: nothing can have arrived in a window that is not there.
    until = max(now, since)
    fresh = _not_told(since - STRAGGLERS if begun else since, until)
    count = connection.execute(select(func.count()).select_from(fresh.subquery())).scalar_one()
    values = {
        "until": until,
        "state": "open" if count or empty_too else "empty",
        "run_id": run_id,
        "applications": count,
    }
    if last is not None and last.state == "empty":
        grown = update(daily_summaries).where(daily_summaries.c.id == last.id).values(values)
        row = connection.execute(grown.returning(daily_summaries)).one()
    else:
        new = insert(daily_summaries).values(since=since, created_at=now, **values)
        row = connection.execute(new.returning(daily_summaries)).one()
    connection.execute(
        insert(summarised_applications).from_select(
            ["application_id", "summary_id"], fresh.add_columns(literal(row.id))
        )
    )
    return _window(row)


def _not_told(since: datetime, until: datetime) -> Select[Any]:
    told = exists(
        select(summarised_applications.c.application_id).where(
            summarised_applications.c.application_id == applications.c.id
        )
    )
    return select(applications.c.id).where(
        applications.c.created_at >= since, applications.c.created_at < until, ~told
    )


def _window(row: Row[Any]) -> Window:
    return Window(row.id, row.since, row.until, row.applications, row.state)
