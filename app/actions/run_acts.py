"""What a person may do with one run: cancel, stop, retry, run again, postpone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.actions.acting import Actor, act_of, checked_time
from app.actions.authorisation import demand_role
from app.actions.triggering import start
from app.errors import Conflict, Invalid
from app.masking import unmask
from app.outbox import apply_act, run_to_json
from app.reads.one_run import stored_run
from app.records.acts import commit_act
from app.records.database import writing
from app.run_jobs import NewRun
from app.system import System
from app.views import ENDED, Accepted, RunView

WAITING = ("queued", "scheduled")
RETRYABLE = tuple(sorted(ENDED - {"succeeded"}))
SPOKEN = {"sample_stack": "see where it is"}


def cancel(system: System, actor: Actor, run_id: str, now: datetime | None = None) -> bool:
    """Take a waiting run out before it starts; return whether it is applied.

    Raises Unknown, Conflict where it no longer waits, Forbidden, Unavailable.
    """
    found = _run(system, actor, "cancel", run_id, now, WAITING)
    payload = {"run_id": run_id, "task_id": found.task_id, "reason": f"cancelled by {actor.name}"}
    return _apply(system, actor, "cancel", found, payload, now)


def stop(system: System, actor: Actor, run_id: str, now: datetime | None = None) -> bool:
    """End a running run; return whether its worker was asked.

    Raises Unknown, Conflict where it does not run, Forbidden, Unavailable.
    """
    found = _run(system, actor, "stop", run_id, now, ("running",))
    payload = {"run_id": run_id, "reason": f"stopped by {actor.name}"}
    return _apply(system, actor, "stop", found, payload, now)


def sample_stack(system: System, actor: Actor, run_id: str, now: datetime | None = None) -> bool:
    """Ask where a running run is; return whether its worker was asked. The run's view has the
    answer as `stack` within a moment.

    Raises Unknown, Conflict where it does not run, Forbidden, Unavailable.
    """
    found = _run(system, actor, "sample_stack", run_id, now, ("running",))
    return _apply(system, actor, "sample_stack", found, {"run_id": run_id}, now)


def retry(system: System, actor: Actor, run_id: str, now: datetime | None = None) -> bool:
    """Try an ended run again: one more attempt under the same id and arguments.

    Raises Unknown, Conflict for one that succeeded or has not ended, Forbidden, Unavailable.
    """
    found = _run(system, actor, "retry", run_id, now, RETRYABLE)
    task = system.catalogue.task(found.task_id)
    new = NewRun(
        run_id=run_id,
        task_id=found.task_id,
        path=task.path,
        queue=found.queue or task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger=found.trigger,
        at=found.at,
        arguments=task.parameters.validate(found.arguments or {}),
        fire_time=found.fire_time,
        triggered_by=found.triggered_by,
        parent_run_id=found.parent_run_id,
    )
    payload = {"run": run_to_json(new), "attempt": found.attempt}
    return _apply(system, actor, "retry", found, payload, now)


def again(
    system: System,
    actor: Actor,
    run_id: str,
    arguments: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Make a new run like this one, with other arguments where given; it names its parent.

    Raises Unknown, Invalid, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    found = stored_run(system, run_id)
    stored = found.arguments or {}
    wanted = stored if arguments is None else unmask(arguments, stored)
    return start(system, actor, found.task_id, wanted, parent_run_id=run_id, now=now)


def move(
    system: System, actor: Actor, run_id: str, at: datetime, now: datetime | None = None
) -> bool:
    """Let a waiting run start at another time; return whether it is applied.

    Raises Unknown, Invalid, Conflict where it no longer waits, Forbidden, Unavailable.
    """
    now = now or datetime.now(UTC)
    found = _run(system, actor, "move", run_id, now, WAITING)
    due = checked_time(at, now)
    if due is None:
        raise Invalid("When?", {"at": "a time after now"})
    return _apply(system, actor, "move", found, {"run_id": run_id, "due": due.timestamp()}, now)


def _run(
    system: System,
    actor: Actor,
    verb: str,
    run_id: str,
    now: datetime | None,
    statuses: tuple[str, ...],
) -> RunView:
    demand_role(system, actor, verb, run_id, now or datetime.now(UTC))
    found = stored_run(system, run_id)
    if found.status not in statuses:
        state = f"has {found.status}" if found.ended else f"is {found.status}"
        act = SPOKEN.get(verb, f"{verb} it")
        raise Conflict(f"The run {state}: to {act}, it has to be {' or '.join(statuses)}.")
    return found


def _apply(
    system: System,
    actor: Actor,
    verb: str,
    found: RunView,
    payload: Mapping[str, Any],
    now: datetime | None,
) -> bool:
    now = now or datetime.now(UTC)
    act = act_of(actor, verb, found.run_id, payload, {"status": found.status})
    with writing(system.database) as connection:
        commit_act(connection, act, now)
    return apply_act(system, act.act_id, act.verb, act.payload, now)
