"""Writing what happened: events become run, attempt and log rows; replays change nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from app.events import Event, instant
from app.records.folding import Row, folded_attempts, folded_runs, not_older
from app.records.run_texts import changed_words, known_texts, write_words
from app.records.schema import attempts, run_dependencies, run_logs, runs, schedules

# A fire time that became no run is none of those that its schedule may start.
NEVER_STARTED = ("skipped", "missed")
# What tells apart the values of a row that is updated from its columns.
KEY = "key_"


def record(connection: Connection, events: Iterable[Event]) -> None:
    """Write events in order. An event not newer than its run's row changes nothing."""
    all_of_them = list(events)
    known = _known(connection, all_of_them)
    revisions = {run_id: row.revision for run_id, row in known.items()}
    news = not_older(all_of_them, revisions)
    _write_runs(connection, folded_runs(news), known)
    _write_attempts(connection, news)
    _count_fires(connection, all_of_them)
    _write_dependencies(connection, all_of_them)
    _note_fire_times(connection, all_of_them)


def begin(connection: Connection, event: Event) -> bool:
    """Write the start of a run that nobody else may have begun; return whether it was ours."""
    [(row, columns)] = folded_runs([event])
    begun = connection.execute(_upsert_run(connection, columns).returning(runs.c.run_id), row)
    if begun.first() is None:
        return False
    write_words(connection, changed_words([(row, columns)], {}))
    _write_attempts(connection, [event])
    return True


def record_logs(
    connection: Connection, logs: Mapping[str, tuple[Sequence[Mapping[str, Any]], int]]
) -> None:
    """Write the logs of runs and how many lines each left out, in place of an earlier attempt's."""
    rows = [
        {"run_id": run_id, "lines": list(lines), "dropped": dropped}
        for run_id, (lines, dropped) in logs.items()
    ]
    if rows:
        statement = insert(connection, run_logs)
        new = {"lines": statement.excluded.lines, "dropped": statement.excluded.dropped}
        connection.execute(
            statement.on_conflict_do_update(index_elements=[run_logs.c.run_id], set_=new), rows
        )


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return the dialect's INSERT, which knows ON CONFLICT on both."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _known(connection: Connection, events: Iterable[Event]) -> dict[str, Any]:
    """Return what is written already, locked against others until this is committed."""
    names = sorted({event.run_id for event in events})
    found = known_texts().where(runs.c.run_id.in_(names))
    # In one order, so that two who lock do not wait for each other.
    rows = connection.execute(found.order_by(runs.c.run_id).with_for_update(of=runs))
    return {row.run_id: row for row in rows}


def _write_runs(
    connection: Connection, folded: list[tuple[Row, frozenset[str]]], known: Mapping[str, Any]
) -> None:
    alike: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row, columns in folded:
        # Rows of one statement have the same columns.
        alike[columns].append(row)
    for columns, rows in alike.items():
        connection.execute(_upsert_run(connection, columns), rows)
    write_words(connection, changed_words(folded, known))


def _upsert_run(
    connection: Connection, columns: Iterable[str]
) -> postgresql.Insert | sqlite.Insert:
    statement = insert(connection, runs)
    return statement.on_conflict_do_update(
        index_elements=[runs.c.run_id],
        set_={name: statement.excluded[name] for name in sorted(columns)},
        where=runs.c.revision < statement.excluded.revision,
    )


def _write_attempts(connection: Connection, events: Sequence[Event]) -> None:
    begun, ended = folded_attempts(events)
    if ended:
        names = ("ended_at", "outcome", "error")
        statement = (
            update(attempts)
            .where(
                attempts.c.run_id == bindparam(f"{KEY}run_id"),
                attempts.c.attempt == bindparam(f"{KEY}attempt"),
            )
            .values({name: bindparam(name) for name in names})
        )
        connection.execute(statement, [_with_keys(end, "run_id", "attempt") for end in ended])
    if begun:
        start = insert(connection, attempts)
        columns = ("started_at", "worker", "ended_at", "outcome", "error")
        connection.execute(
            start.on_conflict_do_update(
                index_elements=[attempts.c.run_id, attempts.c.attempt],
                set_={name: start.excluded[name] for name in columns},
            ),
            begun,
        )


def _with_keys(row: Row, *names: str) -> Row:
    return {KEY + name if name in names else name: value for name, value in row.items()}


def _count_fires(connection: Connection, events: Iterable[Event]) -> None:
    """Keep how many runs a schedule has started; the count itself comes with the event."""
    counts: dict[tuple[str, int], int] = {}
    for event in events:
        static = event.static
        if "fired" in static and event.status not in NEVER_STARTED:
            key = static["schedule_id"], static["fired_since"]
            counts[key] = max(static["fired"], counts.get(key, static["fired"]))
    for (schedule_id, since), fired in counts.items():
        connection.execute(
            update(schedules)
            .where(
                schedules.c.schedule_id == schedule_id,
                schedules.c.fired_since == since,
                schedules.c.fired < fired,
            )
            .values(fired=fired)
        )


def _write_dependencies(connection: Connection, events: Iterable[Event]) -> None:
    waiting = {event.run_id: event.static for event in events if event.static.get("depends_on")}
    rows = [
        {
            "run_id": run_id,
            "depends_on": name,
            "place": place,
            "allow_failure": bool(static.get("allow_failure")),
        }
        for run_id, static in waiting.items()
        for place, name in enumerate(static["depends_on"])
    ]
    if rows:
        connection.execute(insert(connection, run_dependencies).on_conflict_do_nothing(), rows)


def _note_fire_times(connection: Connection, events: Iterable[Event]) -> None:
    newest: dict[str, datetime] = {}
    for event in events:
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
