"""Acts: what people did, in the outbox and in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.masking import mask
from app.records.history import insert
from app.records.schema import acts, audit, counters

# How many rows the work at hand has left in the audit, for who must leave one.
audited: ContextVar[int] = ContextVar("audited", default=0)


@dataclass(frozen=True)
class Act:
    """One thing a person did, as it goes into the outbox and the audit."""

    act_id: str
    verb: str
    target: str
    payload: Mapping[str, Any]
    actor: str
    role: str
    via: str
    address: str | None
    before: Any = None
    after: Any = None


def next_revision(connection: Connection) -> int:
    """Count up the revision of all decisions; one transaction holds it at a time."""
    statement = insert(connection, counters).values(name="decisions", value=1)
    answer = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[counters.c.name], set_={"value": counters.c.value + 1}
        ).returning(counters.c.value)
    )
    return int(answer.scalar_one())


def present_revision(connection: Connection) -> int:
    """Return the revision of the newest decision, 0 before the first."""
    statement = select(counters.c.value).where(counters.c.name == "decisions")
    return connection.execute(statement).scalar_one_or_none() or 0


def commit_act(connection: Connection, act: Act, now: datetime) -> int:
    """Write an act into outbox and audit; return its revision."""
    revision = next_revision(connection)
    connection.execute(
        acts.insert().values(
            act_id=act.act_id,
            revision=revision,
            verb=act.verb,
            target=act.target,
            payload=dict(act.payload),
            by=act.actor,
            at=now,
        )
    )
    write_audit(connection, act, now, "accepted")
    return revision


def write_audit(connection: Connection, act: Act, now: datetime, outcome: str) -> None:
    """Write the one audit row of an act, or of a refused attempt at one."""
    audited.set(audited.get() + 1)
    connection.execute(
        audit.insert().values(
            at=now,
            actor=act.actor,
            role=act.role,
            via=act.via,
            address=act.address,
            verb=act.verb,
            target=act.target,
            before=mask(act.before),
            after=mask(act.after),
            outcome=outcome,
            act_id=act.act_id if outcome == "accepted" else None,
        )
    )


def pending_acts(connection: Connection, limit: int = 100) -> list[Row[Any]]:
    """Return acts not yet applied to Redis, oldest first."""
    return list(
        connection.execute(
            select(acts).where(acts.c.applied_at.is_(None)).order_by(acts.c.revision).limit(limit)
        )
    )


def mark_applied(connection: Connection, act_id: str, now: datetime, error: str | None) -> None:
    """Note that an act reached Redis, or can never reach it and why."""
    connection.execute(
        update(acts).where(acts.c.act_id == act_id).values(applied_at=now, error=error)
    )
