"""Counts by quarter of an hour, and each task's last run, kept by the database itself.

Triggers on `runs` change them in the transaction that changes a row, and by what really changed:
so whoever writes, replays and races count nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

# Of all tasks together; no task can be called so.
EVERY_TASK = "*"
# A quarter of an hour: time zones begin their hours at quarters.
SLOT_SECONDS = 900
# What never executed tells nothing about how the last run went.
NEVER_EXECUTED = ("skipped", "missed", "scheduled")
EXECUTED, SUCCEEDED = "executed", "succeeded"


@dataclass(frozen=True)
class Trigger:
    """What happens after `event` on a table, for each row that meets `when`."""

    name: str
    table: str
    event: str
    steps: tuple[str, ...]
    when: str = ""


def install(connection: Connection) -> None:
    """Create the triggers that are missing."""
    there = set(connection.execute(text(_names(connection))).scalars())
    for trigger in _triggers(slot(connection.dialect.name, "{row}.at")):
        if trigger.name not in there:
            for statement in _created(trigger, connection.dialect.name):
                connection.exec_driver_sql(statement)


def uninstall(connection: Connection) -> None:
    """Drop the triggers; call `install` before anybody else writes."""
    for trigger in _triggers(""):
        suffix = "" if connection.dialect.name == "sqlite" else f" ON {trigger.table}"
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger.name}{suffix}")


def fill(connection: Connection) -> None:
    """Derive both tables from the runs that are there."""
    of_row = slot(connection.dialect.name, "at")
    for name in ("task_id", f"'{EVERY_TASK}'"):
        connection.exec_driver_sql(
            "INSERT INTO run_counts (task_id, slot, status, number) "  # noqa: S608 - constants
            f"SELECT {name}, {of_row}, status, COUNT(*) FROM runs GROUP BY 1, 2, 3"
        )
    for kind in (EXECUTED, SUCCEEDED):
        connection.exec_driver_sql(
            "INSERT INTO last_runs (task_id, kind, run_id, at, status) "  # noqa: S608 - constants
            f"SELECT task_id, '{kind}', run_id, at, status FROM (SELECT *, ROW_NUMBER() OVER "
            "(PARTITION BY task_id ORDER BY at DESC, run_id DESC) AS place "
            f"FROM runs WHERE {_counts_as(kind, 'runs')}) AS ranked WHERE place = 1"
        )


def slot(dialect: str, at: str) -> str:
    """Return the SQL of the number of a time's quarter of an hour since 1970."""
    if dialect == "postgresql":
        return f"CAST(FLOOR(EXTRACT(EPOCH FROM {at}) / {SLOT_SECONDS}) AS INTEGER)"
    # Without its fraction, which strftime would round.
    return f"CAST(strftime('%s', substr({at}, 1, 19)) AS INTEGER) / {SLOT_SECONDS}"


def _triggers(of_row: str) -> Iterator[Trigger]:
    old, new = of_row.format(row="OLD"), of_row.format(row="NEW")
    yield Trigger("runs_roll_up_insert", "runs", "INSERT", (_add(new), *_newest()))
    changed = " OR ".join(f"OLD.{n} <> NEW.{n}" for n in ("status", "at", "task_id"))
    stays = "NEW.at >= OLD.at AND NEW.task_id = OLD.task_id"
    gone = tuple(_gone(kind, f"AND NOT ({stays} AND {_counts_as(kind, 'NEW')})") for kind in _KINDS)
    yield Trigger(
        "runs_roll_up_update",
        "runs",
        "UPDATE",
        (*_take(old), _add(new), *gone, *_newest()),
        when=f"{changed} OR {_early('OLD')} <> {_early('NEW')}",
    )
    ended = tuple(_gone(kind) for kind in _KINDS)
    yield Trigger("runs_roll_up_delete", "runs", "DELETE", (*_take(old), *ended))
    yield Trigger("last_runs_next_delete", "last_runs", "DELETE", tuple(map(_refill, _KINDS)))


_KINDS = (EXECUTED, SUCCEEDED)


# The row of all tasks comes first in both: who waits for it holds no task's row that another wants.
def _add(of_row: str) -> str:
    return (
        "INSERT INTO run_counts (task_id, slot, status, number) "  # noqa: S608 - constants
        f"VALUES ('{EVERY_TASK}', {of_row}, NEW.status, 1), "
        f"(NEW.task_id, {of_row}, NEW.status, 1) "
        "ON CONFLICT (task_id, slot, status) DO UPDATE SET number = run_counts.number + 1"
    )


def _take(of_row: str) -> Iterator[str]:
    for name in (f"'{EVERY_TASK}'", "OLD.task_id"):
        cell = f"task_id = {name} AND slot = {of_row} AND status = OLD.status"
        yield f"UPDATE run_counts SET number = number - 1 WHERE {cell}"  # noqa: S608 - constants
        yield f"DELETE FROM run_counts WHERE {cell} AND number <= 0"  # noqa: S608 - constants


def _newest() -> Iterator[str]:
    for kind in _KINDS:
        yield (
            "INSERT INTO last_runs (task_id, kind, run_id, at, status) "
            f"SELECT NEW.task_id, '{kind}', NEW.run_id, NEW.at, NEW.status "
            f"WHERE {_counts_as(kind, 'NEW')} "
            "ON CONFLICT (task_id, kind) DO UPDATE "
            "SET run_id = excluded.run_id, at = excluded.at, status = excluded.status "
            "WHERE (excluded.at, excluded.run_id) >= (last_runs.at, last_runs.run_id)"
        )


def _gone(kind: str, unless: str = "") -> str:
    return (
        f"DELETE FROM last_runs WHERE task_id = OLD.task_id AND kind = '{kind}' "  # noqa: S608 - constants
        f"AND run_id = OLD.run_id {unless}"
    )


def _refill(kind: str) -> str:
    """Put the newest run that is left in the place of the one that went."""
    return (
        "INSERT INTO last_runs (task_id, kind, run_id, at, status) "  # noqa: S608 - constants
        "SELECT task_id, OLD.kind, run_id, at, status FROM runs "
        f"WHERE OLD.kind = '{kind}' AND task_id = OLD.task_id AND {_counts_as(kind, 'runs')} "
        "ORDER BY at DESC, run_id DESC LIMIT 1"
    )


def _counts_as(kind: str, row: str) -> str:
    if kind == SUCCEEDED:
        return f"{row}.status = 'succeeded'"
    never = ", ".join(f"'{status}'" for status in NEVER_EXECUTED)
    return f"{row}.status NOT IN ({never}) AND NOT {_early(row)}"


def _early(row: str) -> str:
    """What was cancelled before its time never executed either."""
    return f"COALESCE({row}.ended_at < {row}.at, FALSE)"


def _names(connection: Connection) -> str:
    if connection.dialect.name == "sqlite":
        return "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    return "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"


def _created(trigger: Trigger, dialect: str) -> Iterator[str]:
    steps = "; ".join(trigger.steps)
    head = f"CREATE TRIGGER {trigger.name} AFTER {trigger.event} ON {trigger.table} FOR EACH ROW"
    when = f" WHEN ({trigger.when})" if trigger.when else ""
    if dialect == "sqlite":
        yield f"{head}{when} BEGIN {steps}; END"
        return
    yield (
        f"CREATE OR REPLACE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {steps}; RETURN NULL; END $$"
    )
    yield f"{head}{when} EXECUTE FUNCTION {trigger.name}()"
