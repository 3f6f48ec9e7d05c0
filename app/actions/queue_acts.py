"""What a person may do with a queue: hold it back, let it go on, empty it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app import keys, scripts
from app.actions.acting import Actor, act_of
from app.actions.authorisation import demand_role
from app.actions.pausing import pause_scope, resume_scope
from app.connection import asking_redis
from app.errors import Unknown
from app.reads.emptied import EMPTIED
from app.records.acts import commit_act, mark_applied
from app.records.database import writing
from app.records.pauses import QUEUE
from app.system import System

# One script call stays within a few milliseconds: Redis serves nobody else meanwhile.
BATCH = 200


def pause_queue(
    system: System,
    actor: Actor,
    name: str,
    reason: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> bool:
    """Let no worker take from a queue; what runs goes on. Return whether it is applied.

    Raises Unknown, Invalid, Forbidden, Unavailable.
    """
    _demand_queue(system, name)
    return pause_scope(system, actor, QUEUE + name, reason, until, now or datetime.now(UTC))


def resume_queue(system: System, actor: Actor, name: str, now: datetime | None = None) -> bool:
    """Let workers take from a queue again.

    Raises Unknown, Conflict where it is not paused, Forbidden, Unavailable.
    """
    _demand_queue(system, name)
    return resume_scope(system, actor, QUEUE + name, now or datetime.now(UTC))


def empty_queue(system: System, actor: Actor, name: str, now: datetime | None = None) -> int:
    """Cancel every run that waits in a queue; return how many left it.

    Done at once or not at all: it never waits in the outbox to surprise somebody later. Raises
    Unknown, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "empty", QUEUE + name, now)
    _demand_queue(system, name)
    with asking_redis():
        waiting: Any = system.redis.llen(keys.queue(name))
    act = act_of(actor, "empty", QUEUE + name, {}, {"waiting": waiting})
    with writing(system.database) as connection:
        commit_act(connection, act, now)
        mark_applied(connection, act.act_id, now, None)
    total, left = 0, BATCH
    with asking_redis():
        # No further than what waited when it was asked: a busy queue would never be empty.
        while left == BATCH and total < waiting:
            args = [min(BATCH, waiting - total), f"{EMPTIED}{actor.name}"]
            left = scripts.run("empty", system.redis, [keys.queue(name)], args)
            total += left
    return total


def _demand_queue(system: System, name: str) -> None:
    known = {*system.settings.queues, *(task.queue for task in system.catalogue.tasks.values())}
    if name in known:
        return
    with asking_redis():
        if not system.redis.sismember(keys.QUEUES, keys.queue(name)):
            raise Unknown("queue", name)
