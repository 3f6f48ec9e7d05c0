"""Backfill: run a range of past fire times, looked at first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from app import backfill as backfilling
from app.actions.acting import Actor, act_of
from app.actions.authorisation import demand_role
from app.backfill import Planned, accept, plan, utc
from app.errors import Conflict, Invalid, Unknown
from app.reads.decided import decided
from app.records.acts import commit_act, mark_applied
from app.records.database import reading, writing
from app.records.schema import backfills
from app.system import System

MOST_AT_A_TIME = 50


@dataclass(frozen=True)
class Backfill:
    """What a backfill makes, or would make where `backfill_id` is None."""

    backfill_id: str | None
    task_id: str
    planned: tuple[Planned, ...]
    runs: int


def backfill(
    system: System,
    actor: Actor,
    task_id: str,
    start: datetime,
    end: datetime,
    *,
    dry_run: bool = False,
    force: bool = False,
    concurrency: int = 1,
    now: datetime | None = None,
) -> Backfill:
    """Run the fire times after `start` up to `end`, `concurrency` at a time, oldest first.

    `dry_run` only says what would run. Raises Unknown, Invalid, Conflict where nothing would
    run, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    system.catalogue.task(task_id)
    if not dry_run:
        demand_role(system, actor, "backfill", task_id, now)
    start, end = utc(start), utc(end)
    if not start < end <= now:
        raise Invalid("That is no past range.", {"from": "before to", "to": "at most now"})
    if not 1 <= concurrency <= MOST_AT_A_TIME:
        raise Invalid(
            f"concurrency={concurrency} is not allowed.",
            {"concurrency": f"1 to {MOST_AT_A_TIME}"},
        )
    rows = decided(system, now, task_id).schedules.get(task_id, ())
    definitions = {schedule_id: definition for schedule_id, definition, _ in rows}
    with reading(system.database) as connection:
        planned = plan(connection, definitions, start, end, force=force)
    wanted = sum(one.runs for one in planned)
    if dry_run:
        return Backfill(None, task_id, tuple(planned), wanted)
    if not wanted:
        raise Conflict("Every fire time in that range has run; force runs them once more.")
    backfill_id = uuid4().hex[:16]
    after = {
        "backfill_id": backfill_id,
        "from": start.isoformat(),
        "to": end.isoformat(),
        "runs": wanted,
        "concurrency": concurrency,
    }
    act = act_of(actor, "backfill", task_id, {}, None, after)
    with writing(system.database) as connection:
        accept(connection, backfill_id, task_id, planned, definitions, actor.name, concurrency, now)
        commit_act(connection, act, now)
        # SQL is all it needs: the scheduler feeds it from there.
        mark_applied(connection, act.act_id, now, None)
    return Backfill(backfill_id, task_id, tuple(planned), wanted)


def cancel_backfill(
    system: System, actor: Actor, backfill_id: str, now: datetime | None = None
) -> int:
    """Cancel what of a backfill still waits its turn; return how many runs.

    Raises Unknown, Conflict where it has ended, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "cancel_backfill", backfill_id, now)
    with writing(system.database) as connection:
        row = connection.execute(
            backfills.select().where(backfills.c.backfill_id == backfill_id)
        ).first()
        if row is None:
            raise Unknown("backfill", backfill_id)
        if row.ended_at is not None:
            raise Conflict("The backfill has ended.")
        cancelled = backfilling.cancel(connection, backfill_id, actor.name, now)
        act = act_of(actor, "cancel_backfill", backfill_id, {}, None, {"cancelled": cancelled})
        commit_act(connection, act, now)
        mark_applied(connection, act.act_id, now, None)
    return cancelled
