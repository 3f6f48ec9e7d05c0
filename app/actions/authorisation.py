"""The one place that decides whether somebody may act, in console, API and command line alike.

Everybody who is signed in may look at everything. To act takes an operator; to decide who may come
in takes an admin. An account may be limited to tasks and queues: then it acts on these alone, and
not on what concerns others too (everything, workers, backfills by their id).
"""

from __future__ import annotations

from datetime import datetime

from app.actions.acting import Actor, act_of
from app.catalogue import Catalogue
from app.errors import Forbidden
from app.records.acts import write_audit
from app.records.database import writing
from app.records.pauses import QUEUE
from app.storable import storable_text
from app.system import System

MAY_ACT = ("operator", "admin")
ADMIN = "admin"


def demand_role(system: System, actor: Actor, verb: str, target: str, now: datetime) -> None:
    """Refuse whose role or reach does not allow it, and write that into the audit.

    Raises Forbidden.
    """
    demand_operator(system, actor, verb, target, now)
    if not within_reach(system.catalogue, actor, target):
        note_refusal(system, actor, verb, target, now)
        raise Forbidden(
            f"{actor.name} is limited to {actor.reach.told()}, which leaves {target} out."
        )


def demand_operator(system: System, actor: Actor, verb: str, target: str, now: datetime) -> None:
    """Refuse whose role does not allow to act at all; what they reach is for the act to ask.

    Raises Forbidden.
    """
    if actor.role not in MAY_ACT:
        note_refusal(system, actor, verb, target, now)
        raise Forbidden(f"{actor.name} is a {actor.role}; to {verb} takes an operator or an admin.")


def demand_admin(system: System, actor: Actor, verb: str, target: str, now: datetime) -> None:
    """Refuse who may not decide who comes in, and write that into the audit. Raises Forbidden."""
    if actor.role == ADMIN and not actor.reach.limited:
        return
    note_refusal(system, actor, verb, target, now)
    raise Forbidden(f"{actor.name} is a {actor.role}; users, tokens and sessions take an admin.")


def within_reach(catalogue: Catalogue, actor: Actor, target: str) -> bool:
    """Tell whether the target (task, schedule, run, `queue:<name>`, …) is in the actor's reach."""
    if not actor.reach.limited:
        return True
    if target.startswith(QUEUE):
        return actor.reach.holds_queue(target.removeprefix(QUEUE))
    task_id = task_of(catalogue, target)
    return task_id is not None and actor.reach.holds_task(task_id, catalogue.tasks[task_id].queue)


def task_of(catalogue: Catalogue, target: str) -> str | None:
    """Return the task that an id of a task, a schedule or a run belongs to, by how it begins."""
    # A cause of failures is named after its task, as `<task> <cause>`.
    schedule_id = target.partition(" ")[0].partition("--")[0]
    fitting = [
        task_id
        for task_id in catalogue.tasks
        if schedule_id == task_id or schedule_id.startswith(f"{task_id}-")
    ]
    return max(fitting, key=len, default=None)


def note_refusal(
    system: System,
    actor: Actor,
    verb: str,
    target: str,
    now: datetime,
    why: str | None = None,
) -> None:
    """Write into the audit that somebody wanted what is not allowed, or cannot be done now."""
    after = {"refused": why} if why else None
    act = act_of(actor, verb[:32], storable_text(target)[:200], {}, None, after)
    with writing(system.database) as connection:
        write_audit(connection, act, now, "refused")
