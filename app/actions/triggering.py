"""Run a task once, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from app.actions.acting import Actor, act_of, checked_time
from app.actions.authorisation import demand_role
from app.errors import Conflict, Invalid
from app.outbox import apply_act, run_to_json
from app.records.acts import commit_act
from app.records.database import reading, writing
from app.records.history import insert
from app.records.pauses import all_pauses
from app.records.schema import acts, runs
from app.run_jobs import NewRun, digest, manual_run_id
from app.schedules import ScheduleError, parse_duration
from app.system import System
from app.views import Accepted

LONGEST_KEY = 255
PAUSED_NOTE = "The task is paused; a run by hand runs all the same."
TRIGGERS = {"console": "manual", "cli": "cli"}


@dataclass(frozen=True)
class Order:
    """How soon a run has to start, in seconds, and whether before the others of its queue."""

    start_within: int | None = None
    at_front: bool = False


def trigger(
    system: System,
    actor: Actor,
    task_id: str,
    arguments: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    idempotency_key: str | None = None,
    now: datetime | None = None,
    *,
    start_within: str | int | None = None,
    at_front: bool = False,
) -> Accepted:
    """Run a task once, now or `at` a time, also while it is paused and whatever else runs.

    A run that no worker took `start_within` a duration ends as expired; one `at_front` comes before
    the others of its queue.

    The same idempotency key with the same arguments and time gives the same run; with others it is
    a Conflict. Raises Unknown, Invalid, Conflict, Forbidden, Unavailable.
    """
    order = Order(_checked_span(start_within), at_front)
    return start(system, actor, task_id, arguments, at, idempotency_key, order=order, now=now)


def start(
    system: System,
    actor: Actor,
    task_id: str,
    arguments: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    idempotency_key: str | None = None,
    parent_run_id: str | None = None,
    order: Order | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Trigger a task, as a child of another run where that is named."""
    now = now or datetime.now(UTC)
    task = system.catalogue.task(task_id)
    demand_role(system, actor, "trigger", task_id, now)
    checked = task.parameters.validate(arguments or {})
    key = _checked_key(idempotency_key, actor, task_id)
    run_id = manual_run_id(task_id, now, key)
    if key is not None:
        # Before the time is checked, which may have come since the first request.
        with reading(system.database) as connection:
            earlier = _accepted_before(connection, run_id, checked, at)
        if earlier is not None:
            return earlier
    due = checked_time(at, now)
    run = NewRun(
        run_id=run_id,
        task_id=task_id,
        path=task.path,
        queue=task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger=TRIGGERS.get(actor.via, "api"),
        at=due or now,
        arguments=checked,
        triggered_by=actor.name,
        parent_run_id=parent_run_id,
        start_within=order.start_within if order else None,
        at_front=order is not None and order.at_front,
    )
    document = run_to_json(run)
    payload = {"run": document, "due": due.timestamp() if due else None}
    act = act_of(actor, "trigger", task_id, payload, after=document)
    if key is not None:
        act = replace(act, act_id=_act_id(run_id))
    with writing(system.database) as connection:
        if not insert_run(connection, run, "scheduled" if due else "queued"):
            earlier = _accepted_before(connection, run_id, checked, at)
            if earlier is not None:
                return earlier
            raise Conflict(f"A run named {run_id} is being accepted just now: try again.")
        paused = task_id in all_pauses(connection)
        commit_act(connection, act, now)
    applied = apply_act(system, act.act_id, act.verb, payload, now)
    status = ("scheduled" if due else "queued") if applied else "pending"
    return Accepted(run.run_id, task_id, status, PAUSED_NOTE if paused else None)


def insert_run(connection: Connection, run: NewRun, status: str) -> bool:
    """Insert the accepted run; return False where the same request was accepted before."""
    answer = connection.execute(
        insert(connection, runs)
        .values(
            run_id=run.run_id,
            task_id=run.task_id,
            trigger=run.trigger,
            triggered_by=run.triggered_by,
            parent_run_id=run.parent_run_id,
            status=status,
            queue=run.queue,
            at=run.at,
            arguments=dict(run.arguments),
        )
        .on_conflict_do_nothing()
        .returning(runs.c.run_id)
    )
    return answer.first() is not None


def _accepted_before(
    connection: Connection, run_id: str, arguments: dict[str, Any], at: datetime | None
) -> Accepted | None:
    """Return what the same request was answered before, None where it is the first.

    Raises Conflict where the key was used for another request.
    """
    row = connection.execute(select(runs).where(runs.c.run_id == run_id)).first()
    if row is None:
        return None
    if (row.arguments or {}) != arguments:
        raise Conflict("This Idempotency-Key was used before with other arguments: use a new one.")
    act = connection.execute(select(acts.c.payload).where(acts.c.act_id == _act_id(run_id))).first()
    if act is not None and act.payload.get("due") != (at.timestamp() if at else None):
        raise Conflict("This Idempotency-Key was used before for another time: use a new one.")
    return Accepted(row.run_id, row.task_id, row.status, "The same request was accepted before.")


def _checked_span(given: str | int | None) -> int | None:
    if given is None:
        return None
    try:
        seconds = parse_duration(given, "start_within")
    except ScheduleError as error:
        raise Invalid("How soon?", {"start_within": str(error)}) from error
    if seconds < 1:
        raise Invalid("How soon?", {"start_within": "at least 1 second, such as 10m"})
    return seconds


def _act_id(run_id: str) -> str:
    """Return the id of the act that accepted a run under a key, so that it can be found again."""
    return digest(f"trigger {run_id}")


def _checked_key(key: str | None, actor: Actor, task_id: str) -> str | None:
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        raise Invalid(
            "The Idempotency-Key is not usable.",
            {"Idempotency-Key": f"1 to {LONGEST_KEY} printable characters"},
        )
    return digest(f"{actor.name}\n{task_id}\n{key}")
