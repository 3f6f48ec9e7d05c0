"""Writing what happened: events become run, attempt and log rows; replays change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, func, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from app.events import Event, instant
from app.records.schema import attempts, run_dependencies, run_logs, runs, schedules
from app.views import ENDED

TIMES = ("queued_at", "started_at", "ended_at")
BROUGHT = ("reason", "worker", "result", "error")
USED = ("cpu_seconds", "max_rss_bytes")
# A fire time that became no run is none of those that its schedule may start.
NEVER_STARTED = ("skipped", "missed")


def record(connection: Connection, events: Iterable[Event]) -> None:
    """Write events in order. An event not newer than its run's row changes nothing."""
    newest: dict[str, datetime] = {}
    for event in events:
        if _record_run(connection, event):
            _record_attempt(connection, event)
        if "fired" in event.static and event.status not in NEVER_STARTED:
            _count_fire(connection, event)
        if event.static.get("depends_on"):
            _record_dependencies(connection, event)
        schedule_id, fire_time = event.static.get("schedule_id"), event.static.get("fire_time")
        if schedule_id and fire_time is not None:
            passed = instant(fire_time)
            newest[schedule_id] = max(passed, newest.get(schedule_id, passed))
    for schedule_id, passed in newest.items():
        connection.execute(
            update(schedules)
            .where(
                schedules.c.schedule_id == schedule_id,
                or_(schedules.c.last_fire_time.is_(None), schedules.c.last_fire_time < passed),
            )
            .values(last_fire_time=passed)
        )


def begin(connection: Connection, event: Event) -> bool:
    """Write the start of a run that nobody else may have begun; return whether it was ours."""
    begun = _record_run(connection, event)
    if begun:
        _record_attempt(connection, event)
    return begun


def record_log(
    connection: Connection, run_id: str, lines: Sequence[Mapping[str, Any]], dropped: int
) -> None:
    """Write a run's log, replacing an earlier attempt's shorter one."""
    values = {"lines": list(lines), "dropped": dropped}
    statement = insert(connection, run_logs).values(run_id=run_id, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=[run_logs.c.run_id], set_=values)
    )


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return the dialect's INSERT, which knows ON CONFLICT on both."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _record_run(connection: Connection, event: Event) -> bool:
    changed = _changed(event)
    static = event.static
    values = {
        "run_id": event.run_id,
        "task_id": static["task_id"],
        "schedule_id": static.get("schedule_id"),
        "parent_run_id": static.get("parent_run_id"),
        "trigger": static["trigger"],
        "triggered_by": static.get("triggered_by"),
        "queue": static.get("queue"),
        "at": instant(static["at"]),
        "fire_time": _time(static.get("fire_time")),
        "arguments": static.get("arguments"),
        **changed,
    }
    statement = insert(connection, runs).values(values)
    answer = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[runs.c.run_id],
            set_=changed,
            where=runs.c.revision < event.revision,
        ).returning(runs.c.run_id)
    )
    return answer.first() is not None


def _count_fire(connection: Connection, event: Event) -> None:
    """Keep how many runs a schedule has started; the count itself comes with the event."""
    static = event.static
    connection.execute(
        update(schedules)
        .where(
            schedules.c.schedule_id == static["schedule_id"],
            schedules.c.fired_since == static["fired_since"],
            schedules.c.fired < static["fired"],
        )
        .values(fired=static["fired"])
    )


def _changed(event: Event) -> dict[str, Any]:
    """Return the columns this event sets: what it brought, and what it makes untrue."""
    data = event.data
    changed: dict[str, Any] = {
        "status": event.status,
        "revision": event.revision,
        "attempt": event.attempt,
        "reason": None,
        "lost_at": None,
    }
    if event.status in ("queued", "scheduled"):
        changed |= {"started_at": None, "ended_at": None, "worker": None}
    if event.status == "running":
        changed |= {"ended_at": None, "error": None, "result": None}
        changed |= dict.fromkeys(USED)
    for name in TIMES:
        if name in data:
            changed[name] = _time(data[name])
    changed |= {name: data[name] for name in BROUGHT if name in data}
    changed |= {name: data[name] for name in USED if isinstance(data.get(name), int | float)}
    if event.status in ("queued", "scheduled"):
        changed["ended_at"] = None
    elif event.status in ENDED:
        changed.setdefault("ended_at", event.at)
    return changed


def _record_attempt(connection: Connection, event: Event) -> None:
    if event.status == "running":
        started = {
            "started_at": _time(event.data.get("started_at")),
            "worker": event.data.get("worker"),
        }
        statement = insert(connection, attempts).values(
            run_id=event.run_id, attempt=event.attempt, **started
        )
        again = {**started, "ended_at": None, "outcome": None, "error": None}
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[attempts.c.run_id, attempts.c.attempt], set_=again
            )
        )
    elif "outcome" in event.data:
        connection.execute(
            update(attempts)
            .where(
                and_(
                    attempts.c.run_id == event.run_id,
                    attempts.c.attempt
                    == func.coalesce(event.data.get("ended_attempt"), event.attempt),
                )
            )
            .values(
                ended_at=_time(event.data.get("ended_at")) or event.at,
                outcome=event.data["outcome"],
                error=event.data.get("error"),
            )
        )


def _record_dependencies(connection: Connection, event: Event) -> None:
    allow_failure = bool(event.static.get("allow_failure"))
    rows = [
        {"run_id": event.run_id, "depends_on": name, "place": place, "allow_failure": allow_failure}
        for place, name in enumerate(event.static["depends_on"])
    ]
    statement = insert(connection, run_dependencies).on_conflict_do_nothing()
    connection.execute(statement, rows)


def _time(value: float | None) -> datetime | None:
    return None if value is None else instant(value)
