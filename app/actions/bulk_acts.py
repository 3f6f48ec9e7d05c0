"""One act on everything that a search finds: looked at first, taken back where that can be."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from app.actions.acting import Actor, act_of
from app.actions.authorisation import demand_operator, within_reach
from app.bulk.choosing import ACTS, MOST_COUNTED, Choice, Plan, choose, choose_done, plan
from app.errors import Conflict, Forbidden, Invalid, Unknown
from app.outbox import apply_act
from app.reads.run_search import conditions
from app.records.acts import commit_act
from app.records.bulk_schema import bulks
from app.records.database import reading, writing
from app.system import System

# What takes an act back.
OPPOSITE = {"cancel": "retry", "retry": "cancel", "again": "cancel"}


def plan_bulk(
    system: System,
    actor: Actor,
    act: str,
    text: str,
    zone: ZoneInfo | None = None,
    now: datetime | None = None,
) -> Plan:
    """Say what an act on everything that the search finds would do. Raises Invalid, Unavailable."""
    choice = _choice(system, actor, act, text, zone, now or datetime.now(UTC))
    with reading(system.database) as connection:
        return plan(connection, choice, text)


def bulk(
    system: System,
    actor: Actor,
    act: str,
    text: str,
    *,
    expected: int | None = None,
    zone: ZoneInfo | None = None,
    now: datetime | None = None,
) -> tuple[str, int]:
    """Accept an act on every run that the search finds now; return its id and how many runs.

    A scheduler does it by and by. Raises Conflict where nothing fits or more than `expected`,
    Invalid, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_operator(system, actor, "bulk", act, now)
    choice = _choice(system, actor, act, text, zone, now)
    bulk_id = uuid4().hex[:16]
    with writing(system.database) as connection:
        total = choose(connection, choice, bulk_id)
        if not total:
            raise Conflict(
                f"No run that the search finds can be acted on: {act} takes {_takes(act)}."
            )
        if expected is not None and expected < total and expected < MOST_COUNTED:
            raise Conflict(f"By now it would be {total} runs, not {expected}: look once more.")
        act_id = _accept(connection, actor, bulk_id, act, text, total, None, now)
    apply_act(system, act_id, "bulk", {}, now)
    return bulk_id, total


def cancel_bulk(system: System, actor: Actor, bulk_id: str, now: datetime | None = None) -> int:
    """End a bulk act before all had their turn; return how many runs stay as they are.

    Raises Unknown, Conflict where it has ended, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_operator(system, actor, "cancel_bulk", bulk_id, now)
    with writing(system.database) as connection:
        row = _found(connection, actor, bulk_id)
        if row.ended_at is not None:
            raise Conflict("The bulk act has ended.")
        mine = update(bulks).where(bulks.c.bulk_id == bulk_id)
        connection.execute(mine.values(cancelled_by=actor.name, ended_at=now))
        left = int(row.total - row.position)
        made = act_of(actor, "cancel_bulk", bulk_id, {}, None, {"left as they are": left})
        commit_act(connection, made, now)
    apply_act(system, made.act_id, "cancel_bulk", {}, now)
    return left


def undo_bulk(
    system: System, actor: Actor, bulk_id: str, now: datetime | None = None
) -> tuple[str, int]:
    """Take back what a bulk act did, as far as nobody has acted on it since.

    What was cancelled is queued again, what was queued again or anew is cancelled where it still
    waits. Returns the id of the act that does it, and of how many runs. Raises Unknown, Conflict
    for what cannot be taken back, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_operator(system, actor, "undo_bulk", bulk_id, now)
    undo_id = uuid4().hex[:16]
    with writing(system.database) as connection:
        row = _found(connection, actor, bulk_id)
        _demand_undoable(row)
        total = choose_done(connection, bulk_id, undo_id, _reached(system, actor))
        if not total:
            raise Conflict("The bulk act changed no run: there is nothing to take back.")
        text = f"undo of {bulk_id}"
        try:
            act_id = _accept(
                connection, actor, undo_id, OPPOSITE[row.act], text, total, bulk_id, now
            )
        except IntegrityError as error:
            raise Conflict("The bulk act was taken back already.") from error
    apply_act(system, act_id, "undo_bulk", {}, now)
    return undo_id, total


def _accept(
    connection: Connection,
    actor: Actor,
    bulk_id: str,
    act: str,
    text: str,
    total: int,
    undo_of: str | None,
    now: datetime,
) -> str:
    connection.execute(
        bulks.insert().values(
            bulk_id=bulk_id, act=act, filter=text, by=actor.name, via=actor.via, at=now,
            total=total, undo_of=undo_of,
        )
    )  # fmt: skip
    after = {"bulk_id": bulk_id, "act": act, "filter": text, "runs": total}
    verb, target = ("undo_bulk", undo_of) if undo_of else ("bulk", bulk_id)
    made = act_of(actor, verb, target, {}, None, after)
    commit_act(connection, made, now)
    return made.act_id


def _choice(
    system: System, actor: Actor, act: str, text: str, zone: ZoneInfo | None, now: datetime
) -> Choice:
    if act not in ACTS:
        raise Invalid(
            f"{act[:40]!r} cannot be done with runs.", {"act": f"one of {', '.join(ACTS)}"}
        )
    of_days = zone or ZoneInfo(system.settings.timezone)
    found = conditions(text, now, of_days, system.database.dialect.name)
    return Choice(act, found, system.catalogue.tasks.keys(), _reached(system, actor))


def _reached(system: System, actor: Actor) -> frozenset[str] | None:
    if not actor.reach.limited:
        return None
    known = system.catalogue.tasks
    return frozenset(name for name in known if within_reach(system.catalogue, actor, name))


def _found(connection: Connection, actor: Actor, bulk_id: str) -> Row[tuple[object, ...]]:
    row = connection.execute(select(bulks).where(bulks.c.bulk_id == bulk_id)).first()
    if row is None:
        raise Unknown("bulk act", bulk_id)
    if actor.reach.limited and row.by != actor.name:
        raise Forbidden(
            f"{actor.name} is limited to {actor.reach.told()}: only bulk acts of theirs."
        )
    return row


def _demand_undoable(row: Row[tuple[object, ...]]) -> None:
    if row.ended_at is None:
        raise Conflict("The bulk act still goes on: cancel it first.")
    if row.undo_of is not None:
        raise Conflict("This took another bulk act back: that cannot be taken back in turn.")
    if row.act not in OPPOSITE:
        raise Conflict("Nothing brings a stopped run back: run it again instead.")


def _takes(act: str) -> str:
    return f"runs that are {' or '.join(ACTS[act])}"
