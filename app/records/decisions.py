"""What people and releases decided, in SQL: schedules, overrides, pauses, acts, audit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.catalogue import Catalogue
from app.records.history import insert
from app.records.schema import (
    acts,
    audit,
    counters,
    overrides,
    pauses,
    releases,
    schedules,
    skips,
)

EVERYTHING = "*"
RETIRE_AFTER = timedelta(minutes=10)


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
    connection.execute(
        audit.insert().values(
            at=now,
            actor=act.actor,
            role=act.role,
            via=act.via,
            address=act.address,
            verb=act.verb,
            target=act.target,
            before=act.before,
            after=act.after,
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


# --- pauses --------------------------------------------------------------------------------------


def all_pauses(connection: Connection) -> dict[str, Row[Any]]:
    """Return every pause that holds, by its scope: a task id, or `*`."""
    holding = select(pauses).where(pauses.c.resumed_at.is_(None))
    return {row.scope: row for row in connection.execute(holding)}


def resumptions(connection: Connection) -> dict[str, datetime]:
    """Return when each scope was last resumed; fire times up to then never run."""
    ended = select(pauses.c.scope, pauses.c.resumed_at).where(pauses.c.resumed_at.is_not(None))
    return {row.scope: row.resumed_at for row in connection.execute(ended)}


def set_pause(
    connection: Connection,
    scope: str,
    by: str,
    at: datetime,
    reason: str,
    until: datetime | None,
) -> None:
    """Pause a scope, or change the reason and end of its pause."""
    values = {"by": by, "at": at, "reason": reason, "until": until, "resumed_at": None}
    statement = insert(connection, pauses).values(scope=scope, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[pauses.c.scope], set_=values)
    )


def end_pause(connection: Connection, scope: str, now: datetime) -> bool:
    """Resume a scope; return whether it was paused."""
    holding = pauses.c.scope == scope, pauses.c.resumed_at.is_(None)
    return connection.execute(update(pauses).where(*holding).values(resumed_at=now)).rowcount == 1


def coming_skips(connection: Connection, now: datetime) -> dict[str, frozenset[datetime]]:
    """Return the coming fire times that people chose to skip, by schedule."""
    found: dict[str, set[datetime]] = {}
    for row in connection.execute(select(skips).where(skips.c.fire_time > now)):
        found.setdefault(row.schedule_id, set()).add(row.fire_time)
    return {schedule_id: frozenset(times) for schedule_id, times in found.items()}


def skippers(connection: Connection, now: datetime) -> list[Row[Any]]:
    """Return who skips which coming fire time."""
    return list(connection.execute(select(skips).where(skips.c.fire_time > now)))


# --- releases and schedules ----------------------------------------------------------------------


def register_release(connection: Connection, catalogue_hash: str, now: datetime) -> int:
    """Make this catalogue the newest release; return its sequence. The newest may be repeated."""
    newest = newest_release(connection)
    if newest is not None and newest.catalogue_hash == catalogue_hash:
        return int(newest.sequence)
    answer = connection.execute(
        releases.insert()
        .values(catalogue_hash=catalogue_hash, at=now)
        .returning(releases.c.sequence)
    )
    return int(answer.scalar_one())


def newest_release(connection: Connection) -> Row[Any] | None:
    """Return the newest release, None before the first."""
    return connection.execute(
        select(releases).order_by(releases.c.sequence.desc()).limit(1)
    ).first()


def known_schedules(connection: Connection, task_id: str | None = None) -> list[Row[Any]]:
    """Return schedules that are not retired, of one task or of all."""
    statement = select(schedules).where(schedules.c.retired_at.is_(None))
    if task_id is not None:
        statement = statement.where(schedules.c.task_id == task_id)
    return list(connection.execute(statement.order_by(schedules.c.schedule_id)))


def adopt_catalogue(connection: Connection, catalogue: Catalogue, now: datetime) -> int:
    """Make the schedules what the code says, people's overrides kept; return how many changed.

    Where the code changed a field that a person had overridden, the code wins and the override
    is archived. What the code no longer has is retired after ten minutes, so that a rolling
    deploy with both versions up retires nothing.
    """
    rows = {row.schedule_id: row for row in connection.execute(select(schedules))}
    declared: set[str] = set()
    changed = 0
    for task, schedule in catalogue.schedules():
        declared.add(schedule.schedule_id)
        definition = catalogue.definition(task, schedule)
        row = rows.get(schedule.schedule_id)
        if row is None:
            _create(connection, schedule.schedule_id, definition, now)
            changed += 1
        elif row.code_definition != definition or row.retired_at or row.missing_since:
            _update(connection, row, definition, now)
            changed += row.code_definition != definition or row.retired_at is not None
    for row in rows.values():
        if row.source == "code" and row.schedule_id not in declared and not row.retired_at:
            changed += _missing(connection, row, now)
    return changed


def _create(
    connection: Connection, schedule_id: str, definition: dict[str, Any], now: datetime
) -> None:
    connection.execute(
        schedules.insert().values(
            schedule_id=schedule_id,
            task_id=definition["task_id"],
            source="code",
            code_definition=definition,
            definition=definition,
            revision=next_revision(connection),
            created_at=now,
        )
    )


def _update(
    connection: Connection, row: Row[Any], definition: dict[str, Any], now: datetime
) -> None:
    effective = dict(definition)
    before = row.code_definition or {}
    for override in connection.execute(
        select(overrides).where(
            overrides.c.schedule_id == row.schedule_id, overrides.c.archived_at.is_(None)
        )
    ).all():
        if definition.get(override.field) == before.get(override.field):
            effective[override.field] = override.value
        else:
            connection.execute(
                update(overrides)
                .where(
                    overrides.c.schedule_id == row.schedule_id,
                    overrides.c.field == override.field,
                )
                .values(archived_at=now)
            )
    values: dict[str, Any] = {
        "code_definition": definition,
        "missing_since": None,
        "retired_at": None,
    }
    if effective != row.definition or row.retired_at:
        values |= {"definition": effective, "revision": next_revision(connection)}
    connection.execute(
        update(schedules).where(schedules.c.schedule_id == row.schedule_id).values(values)
    )


def _missing(connection: Connection, row: Row[Any], now: datetime) -> bool:
    since = row.missing_since or now
    retire = now - since >= RETIRE_AFTER
    if row.missing_since is None or retire:
        connection.execute(
            update(schedules)
            .where(schedules.c.schedule_id == row.schedule_id)
            .values(missing_since=since, retired_at=now if retire else None)
        )
    return retire


def digest(text: str) -> str:
    """Return a short, stable digest, for ids that are derived from input."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]
