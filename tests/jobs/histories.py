"""Histories as wild as real ones: slips, ways back, second thoughts, ties; written as rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, update

from app import writing
from jobs.recruiting.schema import (
    applications,
    candidates,
    interviews,
    offers,
    openings,
    position_events,
    positions,
    stage_events,
)

BEGIN = datetime(2026, 8, 3, tzinfo=UTC)
STAGES = ("Applied", "Screening", "Interview", "Phone interview", "Offer", None, "Lunch")
STATUSES = ("active", "active", "active", "rejected", "withdrawn", "hired", "archived")
SOURCES = ("LinkedIn", "Referral", None, "")
ANSWERS = ("accepted", "accepted", "declined", "rescinded", "expired")


def write_histories(engine: Engine, count: int, seed: int) -> None:
    """Fill an empty database with `count` applications over about fourteen weeks."""
    chance = random.Random(seed)
    with writing(engine) as connection:
        for number in (1, 2, 3):
            _position(connection, chance, number)
        for number in range(1, count + 1):
            _application(connection, chance, number)


def _position(connection: Connection, chance: random.Random, number: int) -> None:
    named = {"id": number, "title": f"Post {number}", "title_key": f"post {number}"}
    dates = {"created_at": BEGIN, "updated_at": BEGIN, "opened_at": BEGIN if number < 3 else None}
    connection.execute(insert(positions).values(**named, **dates))
    at, status = BEGIN - timedelta(days=30), None
    for following in ("open", "on_hold", "open", "on_hold", "open"):
        values = {"position_id": number, "from_status": status, "to_status": following, "at": at}
        connection.execute(
            insert(position_events).values(values | {"recorded_at": at, "actor": "test"})
        )
        at, status = at + timedelta(hours=chance.randint(24, 900)), following


def _application(connection: Connection, chance: random.Random, number: int) -> None:
    created = BEGIN + timedelta(minutes=chance.randint(0, 14 * 7 * 1440))
    person = {"id": number, "name": f"P{number}", "emails": [], "phones": []}
    dates = {"created_at": created, "updated_at": created}
    connection.execute(insert(candidates).values(person | dates))
    row = {
        "id": number,
        "candidate_id": number,
        "position_id": chance.randint(1, 3),
        "source": chance.choice(SOURCES),
        "applied_at": created,
        "last_activity_at": created,
    }
    connection.execute(insert(applications).values(row | dates))
    last = _events(connection, chance, number, created)
    connection.execute(
        update(applications)
        .where(applications.c.id == number)
        .values(status=last[0], stage=last[1])
    )
    _offers(connection, chance, number, created)
    _interviews(connection, chance, number, created)
    if chance.random() < 0.5:
        opened = created - timedelta(hours=chance.randint(-200, 1500))
        seat = {"position_id": row["position_id"], "filled_by": number, "opened_at": opened}
        connection.execute(insert(openings).values(seat | dates))


def _events(
    connection: Connection, chance: random.Random, number: int, at: datetime
) -> tuple[str, str | None]:
    state: tuple[str | None, str | None] = (None, None)
    following: tuple[str, str | None] = ("active", chance.choice(("Applied", None)))
    known = [following]
    for _ in range(chance.randint(1, 9)):
        values: dict[str, Any] = {
            "application_id": number,
            "from_status": state[0],
            "from_stage": state[1],
            "to_status": following[0],
            "to_stage": following[1],
            "at": at,
            "recorded_at": at,
            "actor": "test",
        }
        connection.execute(insert(stage_events).values(values))
        state = following
        slip = chance.random() < 0.3
        at += timedelta(minutes=chance.randint(0, 6) if slip else chance.randint(6, 20_000))
        if slip and len(known) > 1:
            following = known[-2]
        else:
            following = (chance.choice(STATUSES), chance.choice(STAGES))
        known.append(following)
    return (str(state[0]), state[1])


def _offers(connection: Connection, chance: random.Random, number: int, at: datetime) -> None:
    for version in range(1, chance.choice((1, 1, 2, 3, 4))):
        at += timedelta(minutes=chance.randint(0, 20_000))
        sent = at + timedelta(minutes=chance.randint(0, 3_000)) if chance.random() < 0.8 else None
        done = None
        if sent and chance.random() < 0.8:
            done = sent + timedelta(minutes=chance.randint(0, 20_000))
        status = chance.choice(ANSWERS) if done else "sent" if sent else "draft"
        values = {"application_id": number, "version": version, "status": status}
        dates = {"created_at": at, "sent_at": sent, "resolved_at": done, "updated_at": at}
        connection.execute(insert(offers).values(values | dates))


def _interviews(connection: Connection, chance: random.Random, number: int, at: datetime) -> None:
    for n in range(chance.randint(0, 3)):
        start = at + timedelta(minutes=chance.randint(0, 60_000))
        status = chance.choice(("completed", "awaiting_feedback", "cancelled", "no_show"))
        values = {"application_id": number, "title": f"I{n}", "start_at": start, "status": status}
        dates = {"end_at": start + timedelta(hours=1), "created_at": at, "updated_at": at}
        connection.execute(insert(interviews).values(values | dates))
