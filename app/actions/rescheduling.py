"""Change when a task fires: another schedule, further schedules, skipping one fire time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

from sqlalchemy import Connection, Row, delete, select, update

from app.actions.acting import Actor, act_of
from app.actions.authorisation import demand_role
from app.definitions import canonical, parsed
from app.errors import Conflict, Invalid, Unknown
from app.outbox import apply_act
from app.reads.decided import decided
from app.records.acts import Act, commit_act, next_revision
from app.records.database import writing
from app.records.history import insert
from app.records.releases import redefined
from app.records.schema import overrides, schedules, skips
from app.schedules import Cron, Interval, Wanted, wanted_schedule
from app.system import System

SCHEDULE_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,47})")
FIELD = "schedule"


def reschedule(
    system: System,
    actor: Actor,
    schedule_id: str,
    now: datetime | None = None,
    revision: int | None = None,
    **wanted: Unpack[Wanted],
) -> bool:
    """Let a schedule fire at other times, from now on; return whether it is applied.

    It is replaced as a whole, and with `max_runs` counted anew. A deploy keeps this unless the
    code changes the same schedule. `revision` is the one that the
    person saw. Raises Unknown, Invalid, Conflict where it was changed since, Forbidden,
    Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "reschedule", schedule_id, now)
    schedule = wanted_schedule(system.settings.timezone, **wanted)
    _demand_future(schedule, now)
    with writing(system.database) as connection:
        row = _schedule_row(connection, schedule_id)
        if revision is not None and row.revision != revision:
            raise Conflict(f"{schedule_id} was changed meanwhile: look at it again first.")
        _override(connection, row, schedule.to_json(), actor, now)
        act = _commit(connection, actor, "reschedule", row, schedule.to_json(), now)
    return apply_act(system, act.act_id, act.verb, act.payload, now)


def reset(system: System, actor: Actor, schedule_id: str, now: datetime | None = None) -> bool:
    """Take back what people changed about a schedule: the code's own holds again.

    Raises Unknown, Conflict where nothing was changed, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "reset", schedule_id, now)
    with writing(system.database) as connection:
        row = _schedule_row(connection, schedule_id)
        if row.code_definition is None:
            raise Conflict(f"{schedule_id} is not of the code: reschedule it, or remove it.")
        if row.definition == row.code_definition:
            raise Conflict(f"{schedule_id} is as the code says: there is nothing to reset.")
        connection.execute(
            update(overrides)
            .where(overrides.c.schedule_id == schedule_id, overrides.c.archived_at.is_(None))
            .values(archived_at=now)
        )
        _set_definition(connection, row, row.code_definition)
        act = _commit(connection, actor, "reset", row, row.code_definition[FIELD], now)
    return apply_act(system, act.act_id, act.verb, act.payload, now)


def create_schedule(
    system: System,
    actor: Actor,
    task_id: str,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    **wanted: Unpack[Wanted],
) -> str:
    """Add a further schedule `<task>-<name>` with arguments of its own; return its id.

    Raises Unknown, Invalid, Conflict where it exists, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    task = system.catalogue.task(task_id)
    demand_role(system, actor, "create_schedule", task_id, now)
    if not SCHEDULE_NAME.fullmatch(name) or "--" in name:
        raise Invalid(
            f"{name!r} is no name.", {"name": "1 to 48 letters, digits, _ and -, without --"}
        )
    schedule = wanted_schedule(system.settings.timezone, **wanted)
    _demand_future(schedule, now)
    schedule_id = f"{task_id}-{name}"
    definition = {
        **system.catalogue.policies(task),
        "schedule": schedule.to_json(),
        "arguments": task.parameters.validate(arguments or {}),
    }
    values = {
        "definition": definition,
        "task_id": task_id,
        "source": "console",
        "code_definition": None,
        "created_at": now,
        "created_by": actor.name,
        "retired_at": None,
        "last_fire_time": None,
        "fired": 0,
    }
    with writing(system.database) as connection:
        revision = next_revision(connection)
        values |= {"revision": revision, "fired_since": revision}
        statement = insert(connection, schedules).values(schedule_id=schedule_id, **values)
        answer = connection.execute(
            statement.on_conflict_do_update(
                index_elements=[schedules.c.schedule_id],
                set_=values,
                where=schedules.c.retired_at.is_not(None),
            ).returning(schedules.c.schedule_id)
        )
        if answer.first() is None:
            raise Conflict(f"{schedule_id} exists: reschedule it, or choose another name.")
        act = act_of(actor, "create_schedule", schedule_id, {"task_id": task_id}, None, definition)
        commit_act(connection, act, now)
    apply_act(system, act.act_id, act.verb, act.payload, now)
    return schedule_id


def delete_schedule(
    system: System, actor: Actor, schedule_id: str, now: datetime | None = None
) -> bool:
    """Remove a schedule that was made in the console; its history stays.

    Raises Unknown, Conflict for one that the code declares, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "delete_schedule", schedule_id, now)
    with writing(system.database) as connection:
        row = _schedule_row(connection, schedule_id)
        if row.source == "code":
            raise Conflict(f"{schedule_id} is declared in code: pause it, or remove it there.")
        connection.execute(
            update(schedules)
            .where(schedules.c.schedule_id == schedule_id)
            .values(retired_at=now, revision=next_revision(connection))
        )
        act = _commit(connection, actor, "delete_schedule", row, None, now)
    return apply_act(system, act.act_id, act.verb, act.payload, now)


def skip(
    system: System,
    actor: Actor,
    task_id: str,
    fire_time: datetime | None = None,
    now: datetime | None = None,
) -> datetime:
    """Let one coming fire time of a task pass, the next one unless given; return which.

    It stands in the history as skipped. Raises Unknown, Conflict, Invalid, Forbidden,
    Unavailable.
    """
    now = now or datetime.now(UTC)
    system.catalogue.task(task_id)
    demand_role(system, actor, "skip", task_id, now)
    schedule_id, chosen = _to_skip(system, task_id, fire_time, now)
    payload = {"task_id": task_id}
    act = act_of(actor, "skip", task_id, payload, None, {"fire_time": chosen.isoformat()})
    with writing(system.database) as connection:
        connection.execute(
            insert(connection, skips)
            .values(schedule_id=schedule_id, fire_time=chosen, by=actor.name, at=now)
            .on_conflict_do_nothing()
        )
        connection.execute(delete(skips).where(skips.c.fire_time < now - timedelta(days=1)))
        commit_act(connection, act, now)
    apply_act(system, act.act_id, act.verb, payload, now)
    return chosen


def _to_skip(
    system: System, task_id: str, fire_time: datetime | None, now: datetime
) -> tuple[str, datetime]:
    found = decided(system, now, task_id)
    if task_id in found.pauses or found.everything:
        raise Conflict(f"{task_id} is paused: it has no coming fire time to skip.")
    coming = []
    for schedule_id, definition, following in found.schedules.get(task_id, ()):
        candidate = following
        if fire_time is not None:
            before = fire_time - timedelta(seconds=1)
            fits = fire_time > now and definition.schedule.next(before) == fire_time
            candidate = fire_time if fits else None
        if candidate is not None:
            coming.append((candidate, schedule_id))
    if fire_time is not None and not coming:
        raise Invalid("The task does not fire then.", {"fire_time": "one of its coming fire times"})
    if not coming:
        raise Conflict(f"{task_id} has no coming fire time to skip.")
    chosen, schedule_id = min(coming)
    return schedule_id, chosen


def _demand_future(schedule: Cron | Interval, now: datetime) -> None:
    if schedule.next(now) is None:
        raise Invalid("It would never fire.", {"end": "a time after the next fire time"})


def _schedule_row(connection: Connection, schedule_id: str) -> Row[Any]:
    row = connection.execute(
        select(schedules).where(
            schedules.c.schedule_id == schedule_id, schedules.c.retired_at.is_(None)
        )
    ).first()
    if row is None:
        raise Unknown("schedule", schedule_id)
    return row


def _override(
    connection: Connection, row: Row[Any], value: Any, actor: Actor, now: datetime
) -> None:
    if row.source == "code":
        values = {
            "value": value,
            "code_value": (row.code_definition or {}).get(FIELD),
            "by": actor.name,
            "at": now,
            "archived_at": None,
        }
        statement = insert(connection, overrides).values(
            schedule_id=row.schedule_id, field=FIELD, **values
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[overrides.c.schedule_id, overrides.c.field], set_=values
            )
        )
    _set_definition(connection, row, {**row.definition, FIELD: value})


def _set_definition(connection: Connection, row: Row[Any], definition: Any) -> None:
    parsed(canonical(definition))
    connection.execute(
        update(schedules)
        .where(schedules.c.schedule_id == row.schedule_id)
        .values(redefined(row, definition, next_revision(connection)))
    )


def _commit(
    connection: Connection, actor: Actor, verb: str, row: Row[Any], after: Any, now: datetime
) -> Act:
    before = row.definition[FIELD]
    act = act_of(actor, verb, row.schedule_id, {"task_id": row.task_id}, before, after)
    commit_act(connection, act, now)
    return act
