"""A made-up week of runs in a database, so that every screen has something to show."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert

from app.records.database import open_database, writing
from app.records.schema import attempts, releases, run_logs, runs

Row = dict[str, Any]
SEED = 7
# Of each task: minutes between its runs, seconds that it usually takes, of how many one fails.
HABITS = {
    "sync_to_sheets": (30, 6.0, 60),
    "refresh_analytics_cache": (15, 14.0, 200),
    "check_pending_interviews": (60, 1.2, 0),
    "daily_resume_enrichment": (1440, 640.0, 6),
    "daily_candidate_summary": (1440, 9.0, 0),
    "weekly_analytics_report": (10080, 41.0, 0),
    "archive_old_applications": (1440, 75.0, 0),
}
FAULTS = (
    ("SheetsError", "429 Quota exceeded for quota metric 'Write requests'", "sheets.py", 88),
    ("TimeoutError", "GitHub gave no answer within 20 s", "enrichment.py", 61),
)


def write_past_week(database: Engine, task_ids: list[str], now: datetime) -> int:
    """Write a week of runs of these tasks and two deploys; return how many runs."""
    chance = random.Random(SEED)
    rows = [row for task_id in task_ids for row in _runs_of(task_id, now, chance)]
    tries = [_attempt(row) for row in rows if row["started_at"]]
    logs = [_log(row) for row in rows if row["started_at"]]
    with writing(database) as connection:
        connection.execute(insert(runs), rows)
        connection.execute(insert(attempts), tries)
        connection.execute(insert(run_logs), logs)
        for hours in (5, 77):
            deploy = {"catalogue_hash": f"made-up-{hours}", "at": now - timedelta(hours=hours)}
            connection.execute(insert(releases).values(deploy))
    return len(rows)


def _runs_of(task_id: str, now: datetime, chance: random.Random) -> Iterator[Row]:
    minutes, usual, fails = HABITS.get(task_id, (240, 3.0, 0))
    at = now.replace(second=0, microsecond=0) - timedelta(minutes=chance.randint(7, 25))
    at -= timedelta(minutes=at.minute % min(minutes, 60))
    while at > now - timedelta(days=7):
        yield _run(task_id, at, usual, bool(fails) and chance.randrange(fails) == 0, chance)
        at -= timedelta(minutes=minutes)


def _run(task_id: str, at: datetime, usual: float, failed: bool, chance: random.Random) -> Row:
    queued = at + timedelta(milliseconds=chance.randint(2, 9))
    started = queued + timedelta(seconds=chance.lognormvariate(-3.5, 1.4))
    ended = started + timedelta(seconds=usual * chance.lognormvariate(0, 0.35))
    return {
        "run_id": f"{task_id}--{int(at.timestamp())}",
        "task_id": task_id,
        "schedule_id": task_id,
        "trigger": "schedule",
        "status": "failed" if failed else "succeeded",
        "queue": "default",
        "at": at,
        "fire_time": at,
        "queued_at": queued,
        "started_at": started,
        "ended_at": ended,
        "attempt": 1,
        "revision": 5,
        "worker": "worker-1",
        "result": None if failed else {"handled": chance.randint(3, 240), "skipped": 0},
        "error": _fault(task_id) if failed else None,
    }


def _fault(task_id: str) -> Row:
    kind, message, file, line = FAULTS[0 if task_id == "sync_to_sheets" else 1]
    trace = (
        "Traceback (most recent call last):\n"
        f'  File "/srv/rota/jobs/{file}", line {line}, in {task_id}\n'
        "    answer = client.send(batch)\n"
        f"{kind}: {message}\n"
    )
    return {"type": kind, "message": message, "traceback": trace, "fingerprint": f"{task_id:.8}"}


def _attempt(row: Row) -> Row:
    names = ("run_id", "attempt", "started_at", "ended_at", "worker", "error")
    return {name: row[name] for name in names} | {"outcome": row["status"]}


def _log(row: Row) -> Row:
    texts = [
        ("INFO", f"{row['task_id']} begins"),
        ("INFO", "read 120 rows"),
        ("INFO", "wrote them"),
    ]
    if row["status"] == "failed":
        texts[-1] = ("ERROR", row["error"]["message"])
    lines = [
        {"at": row["started_at"].isoformat(), "level": level, "logger": "jobs", "message": text}
        for level, text in texts
    ]
    return {"run_id": row["run_id"], "lines": lines, "dropped": 0}


if __name__ == "__main__":
    print(
        write_past_week(open_database(sys.argv[1]), sys.argv[2:] or list(HABITS), datetime.now(UTC))
    )
