"""Take back the emptying of a queue."""

from __future__ import annotations

from datetime import UTC, datetime

from app.actions.acting import Actor
from app.actions.authorisation import demand_role
from app.actions.run_acts import retry
from app.errors import Conflict, Unknown
from app.reads.emptied import emptied_runs
from app.records.pauses import QUEUE
from app.system import System


def refill_queue(system: System, actor: Actor, name: str, now: datetime | None = None) -> int:
    """Queue again what left a queue when it was emptied in the past hour; return how many.

    Each run goes on under its own id. Raises Conflict where nothing can be put back, Forbidden,
    Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "refill", QUEUE + name, now)
    done = 0
    for run_id in emptied_runs(system, name, now):
        try:
            retry(system, actor, run_id, now=now)
            done += 1
        except (Conflict, Unknown):
            # Somebody retried it by itself, or its task is gone.
            continue
    if not done:
        raise Conflict(f"Nothing was emptied out of {name} in the past hour.")
    return done
