"""Candidates for the tests, written as an import would write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, update

from app import writing
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application, Person
from jobs.recruiting.imports.store import store
from jobs.recruiting.schema import candidates

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ADA = Person("Ada Lovelace", ("ada@example.org",), phones=("+44 20 7946 0001",))


def add(engine: Engine, *people: Person) -> None:
    """Add people, each with an application as Engineer."""
    application = Application("Engineer", stage="Interview", applied_at=NOW)
    entries = [Entry(Place(2, 2), person, [(Place(2, 2), application)]) for person in people]
    with writing(engine) as connection:
        store(connection, entries, NOW)


def add_many(engine: Engine, count: int) -> None:
    """Add `count` people named person0@example.org and so on."""
    add(
        engine,
        *(
            replace(ADA, name=f"Person {n}", emails=(f"person{n}@example.org",))
            for n in range(count)
        ),
    )


def rename(engine: Engine, email: str, name: str) -> None:
    with writing(engine) as connection:
        connection.execute(
            update(candidates).where(candidates.c.email_key == email).values(name=name)
        )


def remove(engine: Engine, *ids: int) -> None:
    with writing(engine) as connection:
        connection.execute(delete(candidates).where(candidates.c.id.in_(ids)))
