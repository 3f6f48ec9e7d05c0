"""A million runs in SQL, written in bulk: seconds, not minutes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Engine

from app.system import System

SPAN = timedelta(days=30)
COLUMNS = (
    "run_id", "task_id", "schedule_id", "trigger", "triggered_by", "status", "reason", "queue",
    "at", "fire_time", "queued_at", "started_at", "ended_at", "attempt", "revision", "arguments",
    "result", "error", "worker",
)  # fmt: skip
ATTEMPT_COLUMNS = ("run_id", "attempt", "started_at", "ended_at", "outcome", "worker", "error")
LOG_COLUMNS = ("run_id", "lines", "dropped")
# The newest so many have their attempts and logs, too: those whose pages people open.
WITH_DETAILS = 100_000
AT_ONCE = 20_000
STATUSES = ("succeeded", "failed", "skipped", "missed", "lost", "stopped")
WEIGHTS = (930, 40, 20, 4, 3, 3)
RUNNING, WAITING = 200, 800
FAULTS = ("KeyError", "TimeoutError", "jobs.services.SheetsError", "ConnectionError", "ValueError")
NEVER_RAN = {"skipped", "missed"}

Row = tuple[Any, ...]


def fill(system: System, count: int, now: datetime) -> None:
    """Write `count` runs of the catalogue's tasks over the past 30 days, with what belongs to
    the newest of them."""
    rows = list(_runs(list(system.catalogue.tasks.values()), count, now))
    newest = [row for row in rows[-WITH_DETAILS:] if row[13]]
    write(system.database, "runs", COLUMNS, rows)
    write(system.database, "attempts", ATTEMPT_COLUMNS, [_attempt(row) for row in newest])
    write(system.database, "run_logs", LOG_COLUMNS, [_log(row) for row in newest])
    with system.database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _runs(tasks: Sequence[Any], count: int, now: datetime) -> Iterator[Row]:
    dice = random.Random(7)
    step = SPAN / count
    fates = dice.choices(STATUSES, WEIGHTS, k=count)
    fates[-WAITING - RUNNING :] = ["running"] * RUNNING + ["queued"] * WAITING
    for number, status in enumerate(fates):
        task = tasks[dice.randrange(len(tasks))]
        yield _run(task, number, status, now - step * (count - number), dice)


def _run(task: Any, number: int, status: str, at: datetime, dice: random.Random) -> Row:
    ran = status not in NEVER_RAN
    started = at + timedelta(milliseconds=dice.randrange(2, 900)) if ran else None
    ended = at + timedelta(seconds=1 + dice.expovariate(1 / 20))
    if status == "queued":
        started = None
    by_hand = number % 50 == 0
    return (
        f"{task.id}--{number:010}",
        task.id,
        None if by_hand else task.id,
        "manual" if by_hand else "schedule",
        "olga" if by_hand else None,
        status,
        "the run before was still going" if status == "skipped" else None,
        task.queue,
        text_of(at),
        None if by_hand else text_of(at),
        text_of(at) if ran else None,
        text_of(started) if started else None,
        None if status in ("queued", "running") else text_of(ended),
        int(started is not None),
        5,
        json.dumps({"limit": number % 1000, "team": f"team-{number % 40}"}),
        json.dumps({"refreshed": number % 977, "team": f"team-{number % 40}"})
        if status == "succeeded"
        else None,
        json.dumps(_error(number)) if status in ("failed", "lost") else None,
        f"host-{number % 20}.{number % 200}" if started else None,
    )


def _error(number: int) -> dict[str, str]:
    kind = FAULTS[number % len(FAULTS)]
    message = f"the answer for candidate {number} has no field e{number % 89}"
    frames = "\n".join(f'  File "jobs/part_{n}.py", line {n}, in step_{n}' for n in range(12))
    return {
        "type": kind,
        "message": message,
        "traceback": f"Traceback (most recent call last):\n{frames}\n{kind}: {message}",
        "fingerprint": f"{number % 40:08x}",
    }


def _attempt(row: Row) -> Row:
    outcome = None if row[5] in ("running", "queued") else row[5]
    return (row[0], 1, row[11], row[12], outcome, row[18], row[17])


def _log(row: Row) -> Row:
    line = {"at": f"{row[8]}+00:00", "level": "INFO", "logger": "jobs", "message": "page 1 of 20"}
    return (row[0], json.dumps([line] * 5), 0)


def text_of(instant: datetime) -> str:
    # As SQLite keeps it; PostgreSQL reads the same in its session's UTC.
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")


def write(database: Engine, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    raw = database.raw_connection()
    try:
        cursor = raw.cursor()
        if database.dialect.name == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            # Names of ours alone.
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - constants of this file
            cursor.execute("BEGIN IMMEDIATE")
            left = iter(rows)
            while some := list(islice(left, AT_ONCE)):
                cursor.executemany(statement, some)
        raw.commit()
    finally:
        raw.close()
