"""Releases, and the schedules that hold: the newest code's, with people's overrides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from app.catalogue import Catalogue
from app.records.acts import next_revision
from app.records.schema import overrides, releases, schedules

RETIRE_AFTER = timedelta(minutes=10)


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


def retired_schedules(connection: Connection, task_id: str | None = None) -> list[str]:
    """Return the ids of schedules that are retired, of one task or of all."""
    statement = select(schedules.c.schedule_id).where(schedules.c.retired_at.is_not(None))
    if task_id is not None:
        statement = statement.where(schedules.c.task_id == task_id)
    return list(connection.execute(statement).scalars())


def release_diff(connection: Connection, catalogue: Catalogue) -> list[str]:
    """Say, a line each, what adopting this catalogue would change; changes nothing."""
    rows = {row.schedule_id: row for row in known_schedules(connection)}
    overridden = {
        (row.schedule_id, row.field)
        for row in connection.execute(select(overrides).where(overrides.c.archived_at.is_(None)))
    }
    lines: list[str] = []
    declared: set[str] = set()
    for task, schedule in catalogue.schedules():
        declared.add(schedule.schedule_id)
        definition = catalogue.definition(task, schedule)
        row = rows.get(schedule.schedule_id)
        if row is None:
            lines.append(f"new      {schedule.schedule_id}: {schedule.schedule.describe()}")
            continue
        before = row.code_definition or {}
        for field in sorted(set(definition) | set(before)):
            if before.get(field) != definition.get(field):
                note = " (ends a person's override)" * ((row.schedule_id, field) in overridden)
                lines.append(
                    f"changed  {row.schedule_id}.{field}: {before.get(field)} → "
                    f"{definition.get(field)}{note}"
                )
    gone = [r for r in rows.values() if r.source == "code" and r.schedule_id not in declared]
    lines += [f"retired  {row.schedule_id}, after {RETIRE_AFTER}" for row in gone]
    return lines


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


def redefined(row: Row[Any], definition: dict[str, Any], revision: int) -> dict[str, Any]:
    """Return the columns of a schedule with another definition.

    When it fires otherwise than before, its runs are counted anew.
    """
    values: dict[str, Any] = {"definition": definition, "revision": revision}
    if definition["schedule"] != row.definition["schedule"]:
        values |= {"fired": 0, "fired_since": revision}
    return values


def _create(
    connection: Connection, schedule_id: str, definition: dict[str, Any], now: datetime
) -> None:
    revision = next_revision(connection)
    connection.execute(
        schedules.insert().values(
            schedule_id=schedule_id,
            task_id=definition["task_id"],
            source="code",
            code_definition=definition,
            definition=definition,
            revision=revision,
            fired_since=revision,
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
        values |= redefined(row, effective, next_revision(connection))
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
