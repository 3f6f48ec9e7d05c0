"""Writes people and their applications: each is inserted, updated or found unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, bindparam, insert, or_, select, update

from jobs.recruiting.enrichment.resumes import follow_links
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Refusal
from jobs.recruiting.imports.rows import Application, Person
from jobs.recruiting.imports.values import key
from jobs.recruiting.recording import record_changes
from jobs.recruiting.schema import applications, candidates, positions

BATCH = 500


@dataclass
class Counts:
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass
class Stored:
    candidates: Counts = field(default_factory=Counts)
    applications: Counts = field(default_factory=Counts)
    refusals: list[Refusal] = field(default_factory=list)


def store(
    connection: Connection, entries: Sequence[Entry], now: datetime, actor: str | None = "import"
) -> Stored:
    """Write `entries` inside the caller's transaction and return what came of them.

    What happened to their applications is recorded as done by `actor`; with None the caller
    records it.

    A person is found by e-mail, else by external id, an application by person and position.
    What the file leaves empty stays as it is. A person whose e-mail and external id belong to
    two different candidates is refused and not written.
    """
    stored = Stored()
    position_ids = _positions(connection, entries, now)
    for batch in _batches(entries):
        people = _store_people(connection, batch, now, stored)
        follow_links(connection, [candidate_id for candidate_id, _ in people], now)
        _store_applications(connection, people, position_ids, now, actor, stored.applications)
    return stored


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), BATCH):
        yield entries[start : start + BATCH]


def _positions(connection: Connection, entries: Sequence[Entry], now: datetime) -> dict[str, int]:
    """Return the id of every position by its key, after adding those the file is first to name."""
    ids = {k: i for i, k in connection.execute(select(positions.c.id, positions.c.title_key))}
    titles = {key(a.position): a.position for entry in entries for _, a in entry.applications}
    new = [
        {"title": title, "title_key": title_key, "created_at": now, "updated_at": now}
        for title_key, title in titles.items()
        if title_key not in ids
    ]
    if new:
        connection.execute(insert(positions), new)
        ids = {k: i for i, k in connection.execute(select(positions.c.id, positions.c.title_key))}
    return ids


# --- people --------------------------------------------------------------------------------------


def _store_people(
    connection: Connection, batch: Sequence[Entry], now: datetime, stored: Stored
) -> list[tuple[int, Entry]]:
    """Write the people of `batch`; return each with the id of their candidate."""
    by_email, by_external_id = _known(connection, batch)
    people: list[tuple[int, Entry]] = []
    new: list[Entry] = []
    changes: list[dict[str, Any]] = []
    for entry in batch:
        person = entry.person
        by_mail = by_email.get(person.email_key or "")
        by_id = by_external_id.get(person.external_id or "")
        known = by_mail or by_id
        if by_mail and by_id and by_mail.id != by_id.id:
            stored.refusals.append(_two_candidates(entry))
        elif known is None:
            new.append(entry)
        else:
            people.append((known.id, entry))
            changes += _changes(known, _person_values(person, known), now, stored.candidates)
    _update(connection, candidates, changes)
    return people + _insert_people(connection, new, now, stored.candidates)


def _known(
    connection: Connection, batch: Sequence[Entry], *columns: Column[Any]
) -> tuple[dict[str, Row[Any]], dict[str, Row[Any]]]:
    emails = [entry.person.email_key for entry in batch if entry.person.email_key]
    external_ids = [entry.person.external_id for entry in batch if entry.person.external_id]
    wanted = (*columns, candidates.c.email_key, candidates.c.external_id)
    query = select(*(wanted if columns else candidates.c)).where(
        or_(candidates.c.email_key.in_(emails), candidates.c.external_id.in_(external_ids))
    )
    rows = connection.execute(query).all()
    by_email = {row.email_key: row for row in rows if row.email_key}
    return by_email, {row.external_id: row for row in rows if row.external_id}


def _two_candidates(entry: Entry) -> Refusal:
    return Refusal(entry.place, "", "the e-mail and the external id belong to two candidates")


def _person_values(person: Person, known: Row[Any] | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {
        column: value
        for column in (
            "name",
            "external_id",
            "given_name",
            "family_name",
            "time_zone",
            "linkedin_url",
            "github_url",
            "website_url",
            "do_not_contact",
            "legal_hold",
            "email_key",
        )
        if (value := getattr(person, column)) is not None
    }
    for column in ("emails", "phones"):
        earlier = getattr(known, column) if known else ()
        values[column] = list(dict.fromkeys((*getattr(person, column), *earlier)))
    return values


def _insert_people(
    connection: Connection, new: Sequence[Entry], now: datetime, counts: Counts
) -> list[tuple[int, Entry]]:
    if not new:
        return []
    rows = [
        dict.fromkeys(OPTIONAL_TEXT)
        | {"do_not_contact": False, "legal_hold": False, "created_at": now, "updated_at": now}
        | _person_values(entry.person)
        for entry in new
    ]
    connection.execute(insert(candidates), rows)
    # Asking for the ids afterwards is a query a batch; RETURNING in order is one a row on SQLite.
    by_email, by_external_id = _known(connection, new, candidates.c.id)
    counts.inserted += len(new)
    return [
        (
            (
                by_email.get(e.person.email_key or "") or by_external_id[e.person.external_id or ""]
            ).id,
            e,
        )
        for e in new
    ]


OPTIONAL_TEXT = (
    "external_id",
    "given_name",
    "family_name",
    "time_zone",
    "linkedin_url",
    "github_url",
    "website_url",
    "email_key",
)

# --- applications --------------------------------------------------------------------------------


def _store_applications(
    connection: Connection,
    people: Sequence[tuple[int, Entry]],
    position_ids: dict[str, int],
    now: datetime,
    actor: str | None,
    counts: Counts,
) -> None:
    known = _applications_of(connection, people)
    new: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for candidate_id, entry in people:
        for _, application in entry.applications:
            position_id = position_ids[key(application.position)]
            row = known.get((candidate_id, position_id))
            if row is None:
                ids = {"candidate_id": candidate_id, "position_id": position_id}
                new.append(ids | _new_application(application, now))
            else:
                changes += _changes(row, _application_values(application, row, now), now, counts)
    if new:
        connection.execute(insert(applications), new)
        counts.inserted += len(new)
    _update(connection, applications, changes)
    if actor and (new or changes):
        present = _applications_of(connection, people)
        record_changes(connection, known, present, actor, now)


def _applications_of(
    connection: Connection, people: Sequence[tuple[int, Entry]]
) -> dict[tuple[int, int], Row[Any]]:
    ids = [candidate_id for candidate_id, _ in people]
    rows = connection.execute(select(applications).where(applications.c.candidate_id.in_(ids)))
    return {(row.candidate_id, row.position_id): row for row in rows}


def _new_application(application: Application, now: datetime) -> dict[str, Any]:
    applied_at = application.applied_at or now
    last_activity_at = application.last_activity_at or applied_at
    status = application.status or "active"
    return {
        "status": status,
        "stage": application.stage,
        "source": application.source,
        "reason": application.reason,
        "applied_at": applied_at,
        "last_activity_at": last_activity_at,
        "ended_at": None if status == "active" else last_activity_at,
        "created_at": now,
        "updated_at": now,
    }


def _application_values(application: Application, row: Row[Any], now: datetime) -> dict[str, Any]:
    values = {
        column: value
        for column in ("status", "stage", "source", "reason", "applied_at", "last_activity_at")
        if (value := getattr(application, column)) is not None
    }
    moved = any(values.get(c, getattr(row, c)) != getattr(row, c) for c in ("status", "stage"))
    if moved:
        values.setdefault("last_activity_at", now)
    if values.get("status", row.status) != row.status:
        ended = values["status"] != "active"
        values["ended_at"] = values["last_activity_at"] if ended else None
    return values


# --- both ----------------------------------------------------------------------------------------


def _changes(
    row: Row[Any], values: dict[str, Any], now: datetime, counts: Counts
) -> list[dict[str, Any]]:
    """Return the update of `row` to `values` as bound parameters; none where nothing differs."""
    if all(getattr(row, column) == value for column, value in values.items()):
        counts.unchanged += 1
        return []
    counts.updated += 1
    return [values | {"row_id": row.id, "updated_at": now}]


def _update(connection: Connection, table: Table, changes: Sequence[dict[str, Any]]) -> None:
    """Run the updates; those that set the same columns go in one statement."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in changes:
        groups.setdefault(tuple(sorted(change)), []).append(change)
    for group in groups.values():
        connection.execute(update(table).where(table.c.id == bindparam("row_id")), group)
