"""Made-up people and acts in a database, for the screens that show those."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from app.records.access_schema import tokens, users
from app.records.bulk_schema import bulk_runs, bulks

# Name, role, the tasks and the queues that they are limited to.
PEOPLE = (
    ("amelie", "admin", None, None),
    ("ben", "operator", None, None),
    ("chidi", "operator", "sync_*,refresh_*", None),
    ("dana", "viewer", None, None),
)
PROGRAMS = (("deploys", "operator", None), ("grafana", "viewer", None))
ACTS = (
    ("retry", "task:sync_to_sheets status:failed since:24h", 12, 11),
    ("cancel", "queue:low status:queued", 240, 240),
    ("again", "task:daily_candidate_summary at:2026-11-20", 1, 1),
)


def write_people(connection: Connection, now: datetime) -> None:
    """Write users who cannot sign in, and tokens that open nothing."""
    for age, (name, role, tasks, queues) in enumerate(PEOPLE, 3):
        about = {"name": name, "role": role, "created_by": "dev"}
        reach = {"tasks": tasks, "queues": queues, "created_at": now - timedelta(days=9 * age)}
        connection.execute(insert(users).values(password_hash="none", **about, **reach))
    for age, (name, role, tasks) in enumerate(PROGRAMS, 2):
        about = {"name": name, "role": role, "created_by": "amelie"}
        reach = {"tasks": tasks, "created_at": now - timedelta(days=11 * age)}
        connection.execute(insert(tokens).values(secret_hash=f"none {name}", **about, **reach))


def write_bulk_acts(connection: Connection, run_ids: list[str], now: datetime) -> None:
    """Write acts that are over; `made-up-1`, the newest, was on these runs."""
    for number, (act, text, total, done) in enumerate(ACTS, 1):
        at = now - timedelta(hours=7 * number)
        row = {"bulk_id": f"made-up-{number}", "act": act, "filter": text, "by": "ben"}
        told = {"total": total, "position": total, "done": done, "skipped": total - done}
        ended = {"via": "console", "at": at, "ended_at": at + timedelta(seconds=2)}
        connection.execute(insert(bulks).values(**row, **told, **ended))
    for place, run_id in enumerate(run_ids):
        values = {"bulk_id": "made-up-1", "place": place, "run_id": run_id, "outcome": "done"}
        connection.execute(insert(bulk_runs).values(values))
    reason = "its task is no longer in the code"
    skipped = {"bulk_id": "made-up-1", "place": 900, "run_id": "gone", "outcome": "skipped"}
    connection.execute(insert(bulk_runs).values(reason=reason, **skipped))
