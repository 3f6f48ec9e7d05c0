"""Pause and resume: one task or everything."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from app.actions.acting import Actor, act_of, checked_reason, checked_time
from app.actions.authorisation import demand_role
from app.errors import Conflict
from app.outbox import apply_act
from app.records.acts import commit_act
from app.records.database import reading, writing
from app.records.pauses import EVERYTHING, all_pauses, end_pause, set_pause
from app.system import System

log = logging.getLogger("rota.actions")


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
    return pause_scope(system, actor, task_id, reason, until, now or datetime.now(UTC))


def pause_everything(
    system: System,
    actor: Actor,
    reason: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> bool:
    """Stop every task's coming fire times; return whether it is applied."""
    return pause_scope(system, actor, EVERYTHING, reason, until, now or datetime.now(UTC))


def resume(system: System, actor: Actor, task_id: str, now: datetime | None = None) -> bool:
    """Let a task fire again from now on; what it missed meanwhile stays missed.

    Raises Unknown, Conflict where it is not paused, Forbidden, Unavailable.
    """
    system.catalogue.task(task_id)
    return resume_scope(system, actor, task_id, now or datetime.now(UTC))


def resume_everything(system: System, actor: Actor, now: datetime | None = None) -> bool:
    """End the pause of everything; tasks paused by themselves stay so."""
    return resume_scope(system, actor, EVERYTHING, now or datetime.now(UTC))


def end_expired_pauses(system: System, now: datetime) -> int:
    """Resume what was paused until a time that has come; return how many."""
    with reading(system.database) as connection:
        paused = all_pauses(connection).values()
    over = [row.scope for row in paused if row.until is not None and row.until <= now]
    ended = 0
    for scope in over:
        try:
            resume_scope(system, Actor("rota", "admin", "scheduler"), scope, now)
            ended += 1
        except Conflict:
            log.info("Somebody resumed %s first", scope)
    return ended


def pause_scope(
    system: System, actor: Actor, scope: str, reason: str, until: datetime | None, now: datetime
) -> bool:
    """Pause a task, a queue or everything; return whether it is applied."""
    demand_role(system, actor, "pause", scope, now)
    reason = checked_reason(reason)
    checked_time(until, now, "until")
    payload = {"task_id": None if scope == EVERYTHING else scope}
    after = {"reason": reason, "until": until.isoformat() if until else None}
    with writing(system.database) as connection:
        before = _pause_json(all_pauses(connection).get(scope))
        act = act_of(actor, "pause", scope, payload, before, after)
        set_pause(connection, scope, actor.name, now, reason, until)
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, payload, now)


def resume_scope(system: System, actor: Actor, scope: str, now: datetime) -> bool:
    """End a pause; return whether that is applied. Raises Conflict where nothing is paused."""
    demand_role(system, actor, "resume", scope, now)
    payload = {"task_id": None if scope == EVERYTHING else scope}
    with writing(system.database) as connection:
        before = _pause_json(all_pauses(connection).get(scope))
        if before is None:
            what = "Nothing is paused as a whole" if scope == EVERYTHING else f"{scope} is active"
            raise Conflict(f"{what}: only what is paused can be resumed.")
        act = act_of(actor, "resume", scope, payload, before)
        end_pause(connection, scope, now)
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, payload, now)


def _pause_json(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    until = row.until.isoformat() if row.until else None
    return {"by": row.by, "at": row.at.isoformat(), "reason": row.reason, "until": until}
