"""Put failures aside: a cause that somebody has looked at, or fire times that were missed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.actions.acting import Actor, act_of, checked_reason
from app.actions.authorisation import demand_role
from app.errors import Conflict, Unknown
from app.outbox import apply_act
from app.reads.failures import failed_runs
from app.records.acts import commit_act
from app.records.database import writing
from app.records.dismissals import (
    EVERY_TASK,
    MISSED,
    dismissal,
    end_dismissal,
    set_dismissal,
)
from app.system import System


def dismiss(
    system: System,
    actor: Actor,
    task_id: str,
    cause: str,
    reason: str,
    now: datetime | None = None,
) -> bool:
    """Put a group of failures aside until it fails once more; return whether pages know already.

    Raises Unknown where nothing failed of that cause, Invalid, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "dismiss", _name(task_id, cause), now)
    reason = checked_reason(reason, "A dismissal")
    failed = failed_runs(system, now, task_id, cause)
    if not failed:
        raise Unknown("cause", _name(task_id, cause))
    return _put_aside(system, actor, task_id, cause, reason, failed[0], now)


def dismiss_missed(system: System, actor: Actor, now: datetime | None = None) -> bool:
    """Put aside all fire times that were missed up to now; return whether pages know already.

    Raises Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "dismiss", MISSED, now)
    return _put_aside(system, actor, EVERY_TASK, MISSED, "seen", None, now)


def restore(
    system: System, actor: Actor, task_id: str, cause: str, now: datetime | None = None
) -> bool:
    """Show a group of failures again; return whether pages know already.

    Raises Conflict where it was not put aside, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    demand_role(system, actor, "restore", _name(task_id, cause), now)
    with writing(system.database) as connection:
        before = _as_json(dismissal(connection, task_id, cause))
        if before is None:
            raise Conflict(f"{_name(task_id, cause)} is not dismissed.")
        act = act_of(actor, "restore", _name(task_id, cause), {}, before)
        end_dismissal(connection, task_id, cause)
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, {}, now)


def _put_aside(
    system: System,
    actor: Actor,
    task_id: str,
    cause: str,
    reason: str,
    run_id: str | None,
    now: datetime,
) -> bool:
    with writing(system.database) as connection:
        before = _as_json(dismissal(connection, task_id, cause))
        after = {"reason": reason, "run_id": run_id}
        act = act_of(actor, "dismiss", _name(task_id, cause), {}, before, after)
        set_dismissal(connection, task_id, cause, actor.name, now, reason, run_id)
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, {}, now)


def _name(task_id: str, cause: str) -> str:
    return MISSED if task_id == EVERY_TASK else f"{task_id} {cause}"[:200]


def _as_json(row: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"by": row.by, "at": row.at.isoformat(), "reason": row.reason}
