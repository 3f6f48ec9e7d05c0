"""Carry bulk acts out, beside the scheduler's loop: a few hundred runs a step.

A step acts in Redis and then writes outcomes and position together. Between the two the process
may die, or another scheduler take the same step: the mark of the act at each job (marks.lua) keeps
any run from being acted on twice, the guard on the position any outcome from being counted twice.
"""

from __future__ import annotations

import logging
from datetime import datetime
from time import monotonic
from typing import Any

from redis.exceptions import ResponseError
from sqlalchemy import Row, bindparam, select, update

from app import keys
from app.bulk.steps import SKIPPED, Step, outcome_of, prepare, send
from app.records.bulk_schema import bulk_runs, bulks
from app.records.database import reading, writing
from app.records.schema import run_dependencies, runs
from app.system import System

log = logging.getLogger("rota.scheduler")

CHUNK = 200
# So that the keeper's other work comes round.
SECONDS_AT_A_TIME = 0.5
WAITED = (
    select(run_dependencies.c.run_id)
    .where(run_dependencies.c.run_id == bulk_runs.c.run_id)
    .exists()
    .label("depended")
)


def carry_on(system: System, now: datetime, seconds: float = SECONDS_AT_A_TIME) -> int:
    """Go on with open bulk acts, oldest first; return how many runs were dealt with.

    Raises RedisError, Unavailable: what is open goes on from where it was.
    """
    until, dealt_with = monotonic() + seconds, 0
    with reading(system.database) as connection:
        unfinished = bulks.c.ended_at.is_(None)
        open_ones = connection.execute(select(bulks).where(unfinished).order_by(bulks.c.at)).all()
    for bulk in open_ones:
        position: int | None = bulk.position
        while position is not None and monotonic() < until:
            before = position
            position = _step(system, bulk, position, now)
            dealt_with += (position or bulk.total) - before
    return dealt_with


def _step(system: System, bulk: Row[Any], position: int, now: datetime) -> int | None:
    """Deal with the next runs; return the new position, None where the act is over or taken."""
    with reading(system.database) as connection:
        rows = connection.execute(_next_rows(bulk.bulk_id, position)).all()
    steps = [prepare(system, bulk, row) for row in rows]
    results = _acted(system, bulk, steps, now)
    last = rows[-1].place if rows else position
    if not _written(system, bulk, results, position, last, now):
        return None
    system.redis.incr(keys.CHANGES)
    return last if last < bulk.total else None


def _next_rows(bulk_id: str, position: int) -> Any:
    return (
        select(bulk_runs.c.place, bulk_runs.c.run_id.label("chosen"), runs, WAITED)
        .outerjoin(runs, runs.c.run_id == bulk_runs.c.run_id)
        .where(bulk_runs.c.bulk_id == bulk_id, bulk_runs.c.place > position)
        .order_by(bulk_runs.c.place)
        .limit(CHUNK)
    )


def _acted(
    system: System, bulk: Row[Any], steps: list[Step], now: datetime
) -> list[dict[str, Any]]:
    """Send the steps that can be taken, and return what to write of each."""
    if bulk.act == "again":
        with writing(system.database) as connection:
            for step in steps:
                step.insert(connection)
    pipeline = system.redis.pipeline(transaction=False)
    sent = [step for step in steps if step.refusal is None]
    for step in sent:
        send(pipeline, bulk, step)
    answers = iter(pipeline.execute(raise_on_error=False) if sent else ())
    found = []
    for step in steps:
        reason = step.refusal if step.refusal is not None else _refused(bulk.act, next(answers))
        outcome = "done" if reason is None else SKIPPED
        made = step.made if reason is None else None
        found.append({"of_place": step.place, "outcome": outcome, "reason": reason, "made": made})
    return found


def _refused(act: str, answer: Any) -> str | None:
    if isinstance(answer, ResponseError):
        log.error("A bulk act stumbled over what Redis holds of a run: %s", answer)
        return "what Redis holds of it is broken"
    if isinstance(answer, Exception):
        raise answer
    return outcome_of(act, answer.decode("utf-8", "replace"))


def _written(
    system: System,
    bulk: Row[Any],
    results: list[dict[str, Any]],
    position: int,
    last: int,
    now: datetime,
) -> bool:
    """Write outcomes and the new position; False where somebody else has, or it was cancelled."""
    skipped = sum(one["outcome"] == SKIPPED for one in results)
    mine = bulks.c.bulk_id == bulk.bulk_id, bulks.c.position == position
    changed = {
        "position": last,
        "done": bulks.c.done + len(results) - skipped,
        "skipped": bulks.c.skipped + skipped,
    }
    if last >= bulk.total:
        changed["ended_at"] = now
    with writing(system.database) as connection:
        moved = connection.execute(
            update(bulks).where(*mine).values(changed).returning(bulks.c.cancelled_by)
        ).first()
        if moved is None:
            return False
        if results:
            place = bulk_runs.c.place == bindparam("of_place")
            written = update(bulk_runs).where(bulk_runs.c.bulk_id == bulk.bulk_id, place)
            connection.execute(written, results)
    return moved.cancelled_by is None
