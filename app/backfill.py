"""Run past fire times again: planned in SQL, fed into the queues a few at a time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from app import keys, scripts
from app.definitions import Definition
from app.errors import Invalid
from app.records.database import reading, writing
from app.records.history import insert
from app.records.run_texts import index_runs
from app.records.schema import backfills, runs
from app.run_jobs import fire_run_id, retry_args, run_of_row
from app.system import System

log = logging.getLogger("rota.scheduler")

MOST = 1_000
UNTRIED = ("missed", "skipped", "cancelled")
WAITS = "backfill: waits its turn"
LEAVES = "backfill: on its way into the queue"


@dataclass(frozen=True)
class Planned:
    """One fire time of a backfill; `status` is that of the run it has already, if any."""

    fire_time: datetime
    run_id: str
    status: str | None
    runs: bool


def plan(
    connection: Connection,
    schedules: Mapping[str, Definition],
    start: datetime,
    end: datetime,
    *,
    force: bool,
) -> list[Planned]:
    """Return each fire time after `start` up to `end`, and whether it would run.

    What was missed, skipped or cancelled runs under its own id; what ran already only with
    `force`, as one run more. Raises Invalid for more than 1,000 fire times.
    """
    found: list[Planned] = []
    for schedule_id, definition in schedules.items():
        times = definition.schedule.between(start, end, limit=MOST + 1)
        if len(found) + len(times) > MOST:
            raise Invalid(
                f"The range holds more than {MOST:,} fire times.",
                {"to": f"a time with at most {MOST:,} fire times after from"},
            )
        ids = [fire_run_id(schedule_id, time) for time in times]
        known = _known(connection, ids)
        for time, run_id in zip(times, ids, strict=True):
            status = known.get(run_id)
            again = status is not None and status not in UNTRIED
            name = f"{run_id}-b{_next_number(connection, run_id)}" if again and force else run_id
            found.append(Planned(time, name, status, runs=not again or force))
    return sorted(found, key=lambda one: (one.fire_time, one.run_id))


def accept(
    connection: Connection,
    backfill_id: str,
    task_id: str,
    planned: list[Planned],
    definitions: Mapping[str, Definition],
    by: str,
    concurrency: int,
    now: datetime,
) -> int:
    """Write the runs of a backfill as waiting; return how many."""
    chosen = [one for one in planned if one.runs]
    for one in chosen:
        schedule_id = one.run_id.partition("--")[0]
        values = {
            "status": "scheduled",
            "reason": WAITS,
            "trigger": "backfill",
            "triggered_by": by,
            "backfill_id": backfill_id,
            "queued_at": None,
            "ended_at": None,
        }
        statement = insert(connection, runs).values(
            run_id=one.run_id,
            task_id=task_id,
            schedule_id=schedule_id,
            queue=definitions[schedule_id].queue,
            at=one.fire_time,
            fire_time=one.fire_time,
            arguments=dict(definitions[schedule_id].arguments),
            **values,
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[runs.c.run_id],
                set_={**values, "revision": runs.c.revision + 1},
                where=runs.c.status.in_(UNTRIED),
            )
        )
    index_runs(connection, [one.run_id for one in chosen])
    if chosen:
        connection.execute(
            backfills.insert().values(
                backfill_id=backfill_id,
                task_id=task_id,
                by=by,
                at=now,
                start=chosen[0].fire_time,
                end=chosen[-1].fire_time,
                total=len(chosen),
                concurrency=concurrency,
            )
        )
    return len(chosen)


def feed(system: System, now: datetime) -> int:
    """Queue waiting runs of open backfills as far as their concurrency allows; return how many."""
    with reading(system.database) as connection:
        open_ones = connection.execute(
            select(backfills).where(backfills.c.ended_at.is_(None)).order_by(backfills.c.at)
        ).all()
    return sum(_feed_one(system, row, now) for row in open_ones)


def _feed_one(system: System, backfill: Row[Any], now: datetime) -> int:
    mine = runs.c.backfill_id == backfill.backfill_id
    waiting = (mine, runs.c.status == "scheduled", runs.c.reason == WAITS)
    with writing(system.database) as connection:
        live = connection.execute(
            select(func.count()).where(mine, runs.c.status.in_(("queued", "running", "scheduled")))
        ).scalar_one()
        left = connection.execute(select(func.count()).where(*waiting)).scalar_one()
        if not live:
            done = backfills.c.backfill_id == backfill.backfill_id
            connection.execute(update(backfills).where(done).values(ended_at=now))
            return 0
        room = max(backfill.concurrency - (live - left), 0)
        rows = connection.execute(
            select(runs).where(*waiting).order_by(runs.c.at, runs.c.run_id).limit(room)
        ).all()
        # Marked before they are queued: a crash between leaves them to the next look, which
        # queues them under the same ids again.
        for row in rows:
            connection.execute(
                update(runs).where(runs.c.run_id == row.run_id).values(reason=LEAVES, lost_at=now)
            )
    return sum(_queue(system, row) for row in rows)


def _queue(system: System, row: Row[Any]) -> bool:
    task = system.catalogue.tasks.get(row.task_id)
    if task is None:
        return False
    run = run_of_row(row, task)
    # Not `enqueue`: a run that was cancelled still has its job, and queues again under its id.
    args = retry_args(run, row.revision, row.attempt)
    answer = scripts.run("retry", system.redis, [keys.job(run.run_id)], args)
    return bool(answer == b"QUEUED")


def cancel(connection: Connection, backfill_id: str, by: str, now: datetime) -> int:
    """Cancel what of a backfill still waits its turn; return how many runs."""
    waiting = (
        runs.c.backfill_id == backfill_id,
        runs.c.status == "scheduled",
        runs.c.reason == WAITS,
    )
    changed = connection.execute(
        update(runs)
        .where(*waiting)
        .values(status="cancelled", reason=f"backfill cancelled by {by}", ended_at=now)
        .returning(runs.c.run_id)
    )
    cancelled = list(changed.scalars())
    index_runs(connection, cancelled)
    return len(cancelled)


def _known(connection: Connection, run_ids: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for first in range(0, len(run_ids), 500):
        some = run_ids[first : first + 500]
        for row in connection.execute(
            select(runs.c.run_id, runs.c.status).where(runs.c.run_id.in_(some))
        ):
            found[row.run_id] = row.status
    return found


def _next_number(connection: Connection, run_id: str) -> int:
    prefix = f"{run_id}-b"
    count = connection.execute(
        select(func.count()).where(runs.c.run_id.startswith(prefix, autoescape=True))
    ).scalar_one()
    return int(count) + 1


def utc(value: datetime) -> datetime:
    """Return the instant in UTC. Raises Invalid for one without an offset."""
    if value.tzinfo is None:
        raise Invalid("A time has no offset.", {"from": "RFC 3339, such as 2027-01-31T09:00:00Z"})
    return value.astimezone(UTC)
