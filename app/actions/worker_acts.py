"""What a person may do with a worker: let it end what it runs, and stop."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from app import keys
from app.actions.acting import Actor, act_of
from app.actions.authorisation import demand_role
from app.connection import asking_redis
from app.errors import Unknown
from app.records.acts import commit_act, mark_applied
from app.records.database import writing
from app.system import System


def stop_worker(system: System, actor: Actor, name: str, now: datetime | None = None) -> None:
    """Ask a worker to take nothing more and to end; its run has 20 s, then it is queued again.

    Raises Unknown, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "stop_worker", name, now)
    with asking_redis():
        if not system.redis.exists(keys.worker(name)):
            raise Unknown("worker", name)
    act = act_of(actor, "stop_worker", name, {})
    with writing(system.database) as connection:
        commit_act(connection, act, now)
        mark_applied(connection, act.act_id, now, None)
    with asking_redis():
        system.redis.publish(keys.commands(name), json.dumps({"command": "shutdown"}))
        system.redis.incr(keys.CHANGES)
