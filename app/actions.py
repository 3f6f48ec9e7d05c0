"""Everything a person may do. Console, API and command line all come through here.

Each act commits its decision, its audit row and its place in the outbox in one transaction, and
is then applied to Redis. Where Redis is away it is applied as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select

from app.errors import Conflict, Forbidden, Invalid
from app.outbox import apply_act, run_to_json
from app.records.database import writing
from app.records.decisions import (
    EVERYTHING,
    Act,
    all_pauses,
    commit_act,
    digest,
    end_pause,
    set_pause,
    write_audit,
)
from app.records.history import insert
from app.records.schema import runs
from app.run_jobs import NewRun, manual_run_id
from app.system import System
from app.views import Accepted

LONGEST_REASON = 500
FARTHEST = timedelta(days=366)
LONGEST_KEY = 255
MAY_ACT = ("operator", "admin")
PAUSED_NOTE = "The task is paused; a run by hand runs all the same."


@dataclass(frozen=True)
class Actor:
    """Who acts, in which role, through what (console, api, cli, scheduler), from where."""

    name: str
    role: str
    via: str
    address: str | None = None


def trigger(
    system: System,
    actor: Actor,
    task_id: str,
    arguments: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    idempotency_key: str | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Run a task once, now or `at` a time, also while it is paused and whatever else runs.

    The same idempotency key with the same arguments gives the same run; with others it is a
    Conflict. Raises Unknown, Invalid, Conflict, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    task = system.catalogue.task(task_id)
    _may_act(system, actor, "trigger", task_id, now)
    checked = task.parameters.validate(arguments or {})
    due = _checked_at(at, now)
    key = _checked_key(idempotency_key, actor, task_id)
    run = NewRun(
        run_id=manual_run_id(task_id, now, key),
        task_id=task_id,
        path=task.path,
        queue=task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger={"console": "manual", "cli": "cli"}.get(actor.via, "api"),
        at=due or now,
        arguments=checked,
        triggered_by=actor.name,
    )
    document = run_to_json(run)
    payload = {"run": document, "due": due.timestamp() if due else None}
    act = _act(actor, "trigger", task_id, payload, after=document)
    with writing(system.database) as connection:
        if not _insert_run(connection, run, "scheduled" if due else "queued"):
            earlier = connection.execute(select(runs).where(runs.c.run_id == run.run_id)).one()
            return _accepted_before(earlier, checked)
        paused = task_id in all_pauses(connection)
        commit_act(connection, act, now)
    applied = apply_act(system, act.act_id, act.verb, payload, now)
    status = ("scheduled" if due else "queued") if applied else "pending"
    return Accepted(run.run_id, task_id, status, PAUSED_NOTE if paused else None)


def pause(
    system: System,
    actor: Actor,
    task_id: str,
    reason: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> bool:
    """Stop a task's coming fire times; runs already queued go on. Return whether it is applied.

    Pausing again replaces reason and end. Raises Unknown, Invalid, Forbidden, Unavailable.
    """
    system.catalogue.task(task_id)
    return _pause(system, actor, task_id, reason, until, now or datetime.now(UTC))


def pause_everything(
    system: System,
    actor: Actor,
    reason: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> bool:
    """Stop every task's coming fire times; return whether it is applied."""
    return _pause(system, actor, EVERYTHING, reason, until, now or datetime.now(UTC))


def resume(system: System, actor: Actor, task_id: str, now: datetime | None = None) -> bool:
    """Let a task fire again from now on; what it missed meanwhile stays missed.

    Raises Unknown, Conflict where it is not paused, Forbidden, Unavailable.
    """
    system.catalogue.task(task_id)
    return _resume(system, actor, task_id, now or datetime.now(UTC))


def resume_everything(system: System, actor: Actor, now: datetime | None = None) -> bool:
    """End the pause of everything; tasks paused by themselves stay so."""
    return _resume(system, actor, EVERYTHING, now or datetime.now(UTC))


def end_expired_pauses(system: System, now: datetime) -> int:
    """Resume what was paused until a time that has come; return how many."""
    with writing(system.database) as connection:
        paused = all_pauses(connection).values()
    over = [row.scope for row in paused if row.until is not None and row.until <= now]
    for scope in over:
        _resume(system, Actor("rota", "admin", "scheduler"), scope, now)
    return len(over)


def _pause(
    system: System, actor: Actor, scope: str, reason: str, until: datetime | None, now: datetime
) -> bool:
    _may_act(system, actor, "pause", scope, now)
    reason = _checked_reason(reason)
    _checked_at(until, now, "until")
    payload = {"task_id": None if scope == EVERYTHING else scope}
    after = {"reason": reason, "until": until.isoformat() if until else None}
    with writing(system.database) as connection:
        before = _pause_json(all_pauses(connection).get(scope))
        act = _act(actor, "pause", scope, payload, before, after)
        set_pause(connection, scope, actor.name, now, reason, until)
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, payload, now)


def _resume(system: System, actor: Actor, scope: str, now: datetime) -> bool:
    _may_act(system, actor, "resume", scope, now)
    payload = {"task_id": None if scope == EVERYTHING else scope}
    with writing(system.database) as connection:
        before = _pause_json(all_pauses(connection).get(scope))
        if before is None:
            what = "Nothing is paused as a whole" if scope == EVERYTHING else f"{scope} is active"
            raise Conflict(f"{what}: only what is paused can be resumed.")
        act = _act(actor, "resume", scope, payload, before)
        end_pause(connection, scope, now)
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, payload, now)


def _act(
    actor: Actor,
    verb: str,
    target: str,
    payload: Mapping[str, Any],
    before: Any = None,
    after: Any = None,
) -> Act:
    return Act(
        act_id=uuid4().hex,
        verb=verb,
        target=target,
        payload=payload,
        actor=actor.name,
        role=actor.role,
        via=actor.via,
        address=actor.address,
        before=before,
        after=after,
    )


def _may_act(system: System, actor: Actor, verb: str, target: str, now: datetime) -> None:
    if actor.role in MAY_ACT:
        return
    with writing(system.database) as connection:
        write_audit(connection, _act(actor, verb, target, {}), now, "refused")
    raise Forbidden(f"{actor.name} is a {actor.role}; to {verb} takes an operator or an admin.")


def _insert_run(connection: Connection, run: NewRun, status: str) -> bool:
    """Insert the accepted run; return False where the same request was accepted before."""
    answer = connection.execute(
        insert(connection, runs)
        .values(
            run_id=run.run_id,
            task_id=run.task_id,
            trigger=run.trigger,
            triggered_by=run.triggered_by,
            status=status,
            queue=run.queue,
            at=run.at,
            arguments=dict(run.arguments),
        )
        .on_conflict_do_nothing()
    )
    return answer.rowcount == 1


def _accepted_before(row: Any, arguments: dict[str, Any]) -> Accepted:
    if (row.arguments or {}) != arguments:
        raise Conflict("This Idempotency-Key was used before with other arguments: use a new one.")
    return Accepted(row.run_id, row.task_id, row.status, "The same request was accepted before.")


def _pause_json(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    until = row.until.isoformat() if row.until else None
    return {"by": row.by, "at": row.at.isoformat(), "reason": row.reason, "until": until}


def _checked_reason(reason: str) -> str:
    text = " ".join(reason.split())
    if not text:
        raise Invalid("A pause needs a reason.", {"reason": "say why, in up to 500 characters"})
    if len(text) > LONGEST_REASON:
        raise Invalid("The reason is too long.", {"reason": f"at most {LONGEST_REASON} characters"})
    return text


def _checked_at(value: datetime | None, now: datetime, name: str = "at") -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise Invalid(f"{name} has no offset.", {name: "RFC 3339, such as 2027-01-31T09:00:00Z"})
    if not now < value <= now + FARTHEST:
        raise Invalid(
            f"{name} is not in the coming year.", {name: "a time after now, at most 366 days ahead"}
        )
    return value.astimezone(UTC)


def _checked_key(key: str | None, actor: Actor, task_id: str) -> str | None:
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST_KEY and key.isprintable()):
        raise Invalid(
            "The Idempotency-Key is not usable.",
            {"Idempotency-Key": f"1 to {LONGEST_KEY} printable characters"},
        )
    return digest(f"{actor.name}\n{task_id}\n{key}")
