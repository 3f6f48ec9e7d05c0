"""Retry all that failed of one cause."""

from __future__ import annotations

from datetime import UTC, datetime

from app.actions.acting import Actor
from app.actions.authorisation import demand_role
from app.actions.run_acts import retry
from app.errors import Conflict, Unknown
from app.reads.failures import failed_runs
from app.system import System

# So that the answer comes in seconds; who wants more asks again.
MOST_RETRIED = 100


def retry_failures(
    system: System, actor: Actor, task_id: str, cause: str, now: datetime | None = None
) -> tuple[int, int]:
    """Queue the newest runs of a cause again; return how many, and how many were left as they are.

    Raises Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "retry", task_id, now)
    run_ids = failed_runs(system, now, task_id, cause)
    done = 0
    for run_id in run_ids[:MOST_RETRIED]:
        try:
            retry(system, actor, run_id, now=now)
            done += 1
        except (Conflict, Unknown):
            # It moved on since somebody looked: its own page tells how.
            continue
    return done, len(run_ids) - done
