"""Writes down what lies behind the made-up applications: events, offers, openings, the archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, func, insert, select, update

from jobs.recruiting.archive.rule import VERSION
from jobs.recruiting.demo.dealing import spans
from jobs.recruiting.demo.generator import DemoOrganisation
from jobs.recruiting.demo.journeys import ARCHIVIST, RECRUITER, Journey
from jobs.recruiting.demo.rates import DAYS, SHARES, SIGMA
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.schema import (
    applications,
    archive_changes,
    candidates,
    interviews,
    offers,
    openings,
    position_events,
    positions,
    stage_events,
)

BATCH = 5_000
ON_HOLD = timedelta(days=21)
AN_HOUR = timedelta(hours=1)
OPEN_FOR_DAYS = 40


class Made(NamedTuple):
    """A made-up application as it was stored."""

    application_id: int
    position_id: int
    journey: Journey


def write_history(
    connection: Connection, organisation: DemoOrganisation, new: Sequence[Entry]
) -> None:
    """Write the journeys of the people who were `new`, and what their positions went through."""
    made = _stored(connection, organisation, {e.person.emails[0] for e in new})
    now = organisation.end
    _insert(connection, stage_events, (row for m in made for row in _events(m)))
    _insert(connection, offers, (row for m in made for row in _offers(m)))
    _insert(connection, interviews, _interviews(organisation, made))
    _insert(connection, archive_changes, (row for m in made for row in _archived(m)))
    _date_applications(connection, made)
    _write_positions(connection, organisation, made, now)


def _stored(connection: Connection, organisation: DemoOrganisation, new: set[str]) -> list[Made]:
    query = (
        select(applications.c.id, applications.c.position_id, candidates.c.email_key)
        .add_columns(positions.c.title)
        .join(candidates, candidates.c.id == applications.c.candidate_id)
        .join(positions, positions.c.id == applications.c.position_id)
        .order_by(applications.c.id)
    )
    return [
        Made(row.id, row.position_id, organisation.journeys[row.email_key, row.title])
        for row in connection.execute(query)
        if row.email_key in new
    ]


def _insert(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(insert(table), batch)
            batch = []
    if batch:
        connection.execute(insert(table), batch)


def _events(made: Made) -> Iterator[dict[str, Any]]:
    status = stage = None
    for step in made.journey.steps:
        yield {
            "application_id": made.application_id,
            "from_status": status,
            "from_stage": stage,
            "to_status": step.status,
            "to_stage": step.stage,
            "at": step.at,
            "recorded_at": step.at,
            "actor": step.actor,
            "reason": step.reason,
        }
        status, stage = step.status, step.stage


def _offers(made: Made) -> Iterator[dict[str, Any]]:
    for offer in made.journey.offers:
        yield {
            "application_id": made.application_id,
            "version": offer.version,
            "status": offer.status,
            "sent_at": offer.sent_at,
            "expires_at": offer.expires_at,
            "resolved_at": offer.resolved_at,
            "created_at": offer.created_at,
            "updated_at": offer.resolved_at or offer.sent_at or offer.created_at,
        }


def _interviews(organisation: DemoOrganisation, made: Sequence[Made]) -> Iterator[dict[str, Any]]:
    """Spread what took place over the time in which it did."""
    held = [(m, span) for m in made if (span := m.journey.interviewing)]
    numbers = organisation.dealt("interviews of an application that left Interview", len(held))
    for (m, (start, end)), number in zip(held, numbers, strict=True):
        apart = (end - start) / (int(number) + 1)
        for n in range(1, int(number) + 1):
            at = (start + apart * n).replace(second=0, microsecond=0)
            yield {
                "application_id": m.application_id,
                "title": f"Interview {n}",
                "start_at": at,
                "end_at": min(at + AN_HOUR, end),
                "status": "completed",
                "created_at": start,
                "updated_at": min(at + AN_HOUR, end),
            }


def _archived(made: Made) -> Iterator[dict[str, Any]]:
    """The archive's own record, under the id its nightly run had: it can be restored."""
    last = made.journey.last
    if last.status == "archived":
        yield {
            "run_id": f"{ARCHIVIST}--{int(last.at.timestamp())}",
            "application_id": made.application_id,
            "action": "archive",
            "from_status": "active",
            "to_status": "archived",
            "before": {"status": "active", "previous_status": None, "reason": None},
            "reason": last.reason,
            "rule_version": VERSION,
            "at": last.at,
            "actor": ARCHIVIST,
        }


def _date_applications(connection: Connection, made: Sequence[Made]) -> None:
    """Bring in line what an import cannot say: when rows came and went."""
    rows = [
        {
            "row_id": m.application_id,
            "created_at": m.journey.steps[0].at,
            "updated_at": max(m.journey.last.at, m.journey.last_activity_at),
            "ended_at": None if m.journey.last.status == "active" else m.journey.last.at,
            "previous_status": "active" if m.journey.last.status == "archived" else None,
        }
        for m in made
    ]
    of_row = update(applications).where(applications.c.id == bindparam("row_id"))
    for start in range(0, len(rows), BATCH):
        connection.execute(of_row, rows[start : start + BATCH])
    first = select(func.min(applications.c.applied_at)).where(
        applications.c.candidate_id == candidates.c.id
    )
    of_people = update(candidates).where(
        candidates.c.id.in_(select(applications.c.candidate_id)),
        candidates.c.created_at > first.scalar_subquery(),
    )
    connection.execute(of_people.values(created_at=first.scalar_subquery()))


# --- positions -----------------------------------------------------------------------------------


def _write_positions(
    connection: Connection, organisation: DemoOrganisation, made: Sequence[Made], now: datetime
) -> None:
    by_position: dict[int, list[Made]] = {}
    for m in made:
        by_position.setdefault(m.position_id, []).append(m)
    ids = sorted(by_position)
    share = SHARES["positions that were on hold for three weeks"]
    paused = set(organisation.random.sample(ids, round(len(ids) * share)))
    for position_id in ids:
        rows = _openings(position_id, by_position[position_id], organisation)
        connection.execute(insert(openings), rows)
        first = min(
            *(row["opened_at"] for row in rows),
            *(m.journey.steps[0].at for m in by_position[position_id]),
        )
        _open(connection, position_id, first, now, paused=position_id in paused)


def _openings(
    position_id: int, made: Sequence[Made], organisation: DemoOrganisation
) -> list[dict[str, Any]]:
    """A seat for every hire, and one that is still open."""
    hired = [m for m in made if m.journey.last.status == "hired"]
    random = organisation.random
    rows = [
        _opening(position_id, m.journey.last.at - span, m.application_id, m.journey.last.at)
        for m, span in zip(hired, spans(DAYS["opening"], SIGMA, len(hired), random), strict=True)
    ]
    since = timedelta(days=random.expovariate(1 / OPEN_FOR_DAYS) + 1)
    return [*rows, _opening(position_id, organisation.end - since, None, None)]


def _opening(
    position_id: int, opened_at: datetime, filled_by: int | None, closed_at: datetime | None
) -> dict[str, Any]:
    return {
        "position_id": position_id,
        "opened_at": opened_at,
        "closed_at": closed_at,
        "filled_by": filled_by,
        "created_at": opened_at,
        "updated_at": closed_at or opened_at,
    }


def _open(
    connection: Connection, position_id: int, opened_at: datetime, now: datetime, *, paused: bool
) -> None:
    connection.execute(
        update(positions)
        .where(positions.c.id == position_id, positions.c.opened_at.is_(None))
        .values(opened_at=opened_at, created_at=opened_at, updated_at=opened_at)
    )
    moves: list[tuple[str | None, str, datetime]] = [(None, "open", opened_at)]
    hold = (now - timedelta(days=170)).replace(hour=9, minute=0, tzinfo=UTC)
    if paused and opened_at < hold:
        moves += [("open", "on_hold", hold), ("on_hold", "open", hold + ON_HOLD)]
    rows = [
        {
            "position_id": position_id,
            "from_status": before,
            "to_status": after,
            "at": at,
            "recorded_at": at,
            "actor": RECRUITER,
        }
        for before, after, at in moves
    ]
    connection.execute(insert(position_events), rows)
