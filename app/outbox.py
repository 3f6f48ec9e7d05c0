"""Acts reach Redis: at once where it is there, else within seconds of its return."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app import keys, scripts
from app.connection import asking_redis
from app.errors import Conflict, Unavailable
from app.reconcile import reconcile
from app.records.acts import mark_applied, pending_acts
from app.records.database import reading, writing
from app.records.schema import runs
from app.run_jobs import NewRun, job_pairs, retry_args
from app.system import System

log = logging.getLogger("rota.outbox")


def apply_act(
    system: System, act_id: str, verb: str, payload: Mapping[str, Any], now: datetime
) -> bool:
    """Apply one committed act; return False when Redis is away and it stays in the outbox.

    Every verb may be applied twice: a crash between Redis and the mark repeats it. Raises
    Conflict where the run moved on before the act reached it.
    """
    try:
        with asking_redis():
            _VERBS[verb](system, payload, now)
            system.redis.incr(keys.CHANGES)
        with writing(system.database) as connection:
            mark_applied(connection, act_id, now, None)
    except Conflict as error:
        with writing(system.database) as connection:
            mark_applied(connection, act_id, now, str(error))
        raise
    except Unavailable as error:
        log.info("%s %s takes effect when Redis is back: %s", verb, act_id, error)
        return False
    return True


def sweep(system: System, now: datetime) -> int:
    """Apply what waits in the outbox, oldest first; return how many acts reached Redis."""
    with reading(system.database) as connection:
        waiting = pending_acts(connection)
    applied = 0
    for row in waiting:
        try:
            applied += apply_act(system, row.act_id, row.verb, row.payload, now)
        except Conflict as error:
            log.warning("Act %s (%s) came too late: %s", row.act_id, row.verb, error)
        except (KeyError, ValueError, TypeError) as error:
            # An act that cannot be understood would stop all that come after it.
            log.exception("Act %s (%s) can never be applied", row.act_id, row.verb)
            with writing(system.database) as connection:
                mark_applied(connection, row.act_id, now, repr(error))
    return applied


def _trigger(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    due = payload.get("due")
    run = run_from_json(payload["run"])
    scripts.run(
        "enqueue",
        system.redis,
        [keys.job(run.run_id), keys.live(run.task_id)],
        [
            run.run_id,
            run.queue,
            "" if due is None else due,
            1,
            0,
            run.static(),
            *job_pairs(run),
        ],
    )


def _reconcile(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    # Pauses and schedules are read from SQL as they are by now, so order does not matter here.
    reconcile(system, now, payload.get("task_id"))


def _cancel(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    del now
    run_id = payload["run_id"]
    args = [run_id, payload["task_id"], payload["reason"]]
    answer = scripts.run("cancel", system.redis, [keys.job(run_id)], args)
    _demand(answer, "CANCELLED", "canceled")


def _stop(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    del now
    run_id = payload["run_id"]
    args = [run_id, payload["reason"]]
    _demand(scripts.run("stop", system.redis, [keys.job(run_id)], args), "STOPPING", "stopped")


def _sample(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    del now
    run_id = payload["run_id"]
    _demand(scripts.run("sample", system.redis, [keys.job(run_id)], [run_id]), "ASKED")


def _retry(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    run = run_from_json(payload["run"])
    with reading(system.database) as connection:
        revision = connection.execute(
            select(runs.c.revision).where(runs.c.run_id == run.run_id)
        ).scalar_one()
    attempt = payload["attempt"]
    args = retry_args(run, revision, attempt)
    answer = scripts.run("retry", system.redis, [keys.job(run.run_id)], args)
    _demand(answer, "QUEUED", "queued", "started")


def _move(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    del now
    run_id = payload["run_id"]
    due = datetime.fromtimestamp(payload["due"], UTC)
    args = [run_id, payload["due"], f"{due:%Y-%m-%d %H:%M:%S} UTC"]
    _demand(scripts.run("postpone", system.redis, [keys.job(run_id)], args), "SCHEDULED")


def _tell_pages(system: System, payload: Mapping[str, Any], now: datetime) -> None:
    """What SQL alone holds needs nothing of Redis but that pages look again."""
    del system, payload, now


def _demand(answer: bytes, *wanted: str) -> None:
    """Accept the wanted answers; a status instead says that the run got there first."""
    found = answer.decode()
    if found not in wanted:
        raise Conflict(f"The run is {found or 'gone'} meanwhile: nothing was changed.")


_VERBS: dict[str, Callable[[System, Mapping[str, Any], datetime], None]] = {
    "trigger": _trigger,
    "pause": _reconcile,
    "resume": _reconcile,
    "reschedule": _reconcile,
    "reset": _reconcile,
    "create_schedule": _reconcile,
    "delete_schedule": _reconcile,
    "skip": _reconcile,
    "cancel": _cancel,
    "stop": _stop,
    "retry": _retry,
    "sample_stack": _sample,
    "move": _move,
    "dismiss": _tell_pages,
    "restore": _tell_pages,
    "bulk": _tell_pages,
    "cancel_bulk": _tell_pages,
    "undo_bulk": _tell_pages,
}


def run_to_json(run: NewRun) -> dict[str, Any]:
    """Write a run into an act's payload."""
    return {
        **vars(run),
        "arguments": dict(run.arguments),
        "at": run.at.isoformat(),
        "fire_time": run.fire_time.isoformat() if run.fire_time else None,
    }


def run_from_json(document: Mapping[str, Any]) -> NewRun:
    """Read a run back from an act's payload. Raises KeyError, TypeError or ValueError."""
    times = {name: _time(document[name]) for name in ("at", "fire_time")}
    depends_on = tuple(document.get("depends_on", ()))
    return NewRun(**{**document, **times, "depends_on": depends_on})


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
