"""What happened to applications: recorded by whoever changes one, never changed afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import DBAPIError

from app import reading, writing
from app.records.migrate import config
from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.schema import applications, candidates, stage_events
from jobs.recruiting.stages import kind_of
from tests.jobs.candidates import ADA, NOW, add
from tests.jobs.importing import Importer

HEADER = "name,email,position,stage,status,applied_at,last_activity_at,reason"


def events(engine: Engine) -> list[tuple[Any, ...]]:
    query = select(stage_events).order_by(stage_events.c.application_id, stage_events.c.at)
    with reading(engine) as connection:
        return [
            (e.from_status, e.from_stage, e.to_status, e.to_stage, f"{e.at:%m-%d}", e.actor)
            for e in connection.execute(query)
        ]


def test_an_event_cannot_be_changed(engine: Engine) -> None:
    add(engine, ADA)
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(update(stage_events).values(actor="somebody else"))
    assert {actor for *_, actor in events(engine)} == {"import"}


def test_an_event_cannot_be_removed_but_goes_with_its_candidate(engine: Engine) -> None:
    add(engine, ADA)
    before = events(engine)
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(delete(stage_events))
    assert events(engine) == before
    with writing(engine) as connection:
        connection.execute(delete(candidates))
    assert events(engine) == []


def test_an_import_records_what_is_known_and_makes_up_nothing(load: Importer) -> None:
    load(
        HEADER,
        "Ada,ada@example.org,Engineer,,,2026-11-01,,",
        "Bo,bo@example.org,Engineer,Interview,active,2026-11-01,2026-11-09,",
        "Cy,cy@example.org,Engineer,Screening,rejected,2026-11-01,2026-11-05,no time",
    )
    assert events(load.engine) == [
        (None, None, "active", None, "11-01", "import"),
        (None, None, "active", None, "11-01", "import"),
        ("active", None, "active", "Interview", "11-09", "import"),
        (None, None, "active", None, "11-01", "import"),
        ("active", None, "rejected", "Screening", "11-05", "import"),
    ]


def test_an_import_records_each_change_once_and_in_order(load: Importer) -> None:
    load(HEADER, "Ada,ada@example.org,Engineer,Screening,active,2026-11-01,2026-11-03,")
    moved = "Ada,ada@example.org,Engineer,Interview,active,2026-11-01,2026-11-09,"
    load(HEADER, moved)
    load(HEADER, moved)
    assert events(load.engine)[2:] == [
        ("active", "Screening", "active", "Interview", "11-09", "import")
    ]
    # A file that says it happened earlier than what is known: then it is known since now.
    load(HEADER, "Ada,ada@example.org,Engineer,Interview,rejected,2026-11-01,2026-11-02,")
    times = [row[4] for row in events(load.engine)]
    assert times == sorted(times)
    assert events(load.engine)[-1][2] == "rejected"


def test_a_dry_run_of_an_import_records_nothing(load: Importer) -> None:
    load(HEADER, "Ada,ada@example.org,Engineer,,,2026-11-01,,", dry_run=True)
    assert events(load.engine) == []


def test_the_migration_begins_the_history_of_what_is_there(engine: Engine) -> None:
    create_demo(engine, 30, 7, NOW)
    with writing(engine) as connection:
        command.downgrade(config(connection), "recruiting_0003")
    with writing(engine) as connection:
        command.upgrade(config(connection), "recruiting@head")
    with reading(engine) as connection:
        rows = connection.execute(select(applications)).all()
        found = connection.execute(select(stage_events).order_by(stage_events.c.id)).all()
    assert rows
    for row in rows:
        own = sorted((e for e in found if e.application_id == row.id), key=lambda e: (e.at, e.id))
        assert own[0].at == row.applied_at
        assert (own[-1].to_status, own[-1].to_stage) == (row.status, row.stage)
        assert own[-1].at == max(row.last_activity_at, row.applied_at) or len(own) == 1
        assert all(e.at <= NOW + timedelta(minutes=1) for e in own)


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        (None, "applied"),
        ("Applied", "applied"),
        ("Phone screen", "screen"),
        ("application review", "screen"),
        ("Phone-Interview 2", "interview"),
        ("ON_SITE onsite", "interview"),
        ("Offer review", "offer"),
        ("Hired", "hired"),
        ("Waiting room", None),
        ("", None),
    ],
)
def test_a_stage_has_the_kind_of_its_furthest_word(stage: str | None, kind: str | None) -> None:
    assert kind_of(stage) == kind
