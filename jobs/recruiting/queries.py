"""What the tasks read of the recruiting tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from jobs.recruiting.schema import applications, candidates, positions


@dataclass(frozen=True, slots=True)
class CandidateSummary:
    """A candidate with the application that matters most now: an active one before any other,
    then the one with the latest activity. `applications` counts all of them, `every_application`
    names them in that order."""

    candidate_id: int
    name: str
    email: str
    phone: str
    time_zone: str | None
    linkedin_url: str | None
    github_url: str | None
    do_not_contact: bool
    position: str | None
    stage: str | None
    status: str | None
    source: str | None
    applied_at: datetime | None
    last_activity_at: datetime | None
    applications: int
    external_id: str | None
    website_url: str | None
    legal_hold: bool
    ended_at: datetime | None
    reason: str | None
    every_application: str


def candidate_summaries(connection: Connection) -> Iterator[CandidateSummary]:
    """Yield every candidate that was not anonymised, by id."""
    order = (
        case((applications.c.status == "active", 0), else_=1),
        applications.c.last_activity_at.desc(),
        applications.c.id.desc(),
    )
    ranked = select(
        applications,
        func.row_number()
        .over(partition_by=applications.c.candidate_id, order_by=order)
        .label("rank"),
        func.count().over(partition_by=applications.c.candidate_id).label("total"),
    ).subquery()
    joined = candidates.outerjoin(
        ranked, (ranked.c.candidate_id == candidates.c.id) & (ranked.c.rank == 1)
    ).outerjoin(positions, positions.c.id == ranked.c.position_id)
    query = (
        select(candidates, ranked, positions.c.title, candidates.c.id.label("person_id"))
        .select_from(joined)
        .where(candidates.c.anonymised_at.is_(None))
        .order_by(candidates.c.id)
    )
    all_of_them = _every_application(connection, order)
    for row in connection.execute(query):
        yield CandidateSummary(
            candidate_id=row.person_id,
            name=row.name,
            email=row.emails[0] if row.emails else "",
            phone=row.phones[0] if row.phones else "",
            time_zone=row.time_zone,
            linkedin_url=row.linkedin_url,
            github_url=row.github_url,
            do_not_contact=row.do_not_contact,
            position=row.title,
            stage=row.stage,
            status=row.status,
            source=row.source,
            applied_at=row.applied_at,
            last_activity_at=row.last_activity_at,
            applications=row.total or 0,
            external_id=row.external_id,
            website_url=row.website_url,
            legal_hold=row.legal_hold,
            ended_at=row.ended_at,
            reason=row.reason,
            every_application=all_of_them.get(row.person_id, ""),
        )


def _every_application(
    connection: Connection, order: Sequence[ColumnElement[Any]]
) -> dict[int, str]:
    """Return, for each candidate, their applications as `Position (status, stage)`."""
    query = (
        select(
            applications.c.candidate_id,
            positions.c.title,
            applications.c.status,
            applications.c.stage,
        )
        .join(positions, positions.c.id == applications.c.position_id)
        .order_by(applications.c.candidate_id, *order)
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        state = ", ".join(part for part in (row.status, row.stage) if part)
        found[row.candidate_id].append(f"{row.title} ({state})")
    return {candidate_id: "; ".join(named) for candidate_id, named in found.items()}


def any_candidate(connection: Connection) -> bool:
    """Tell whether there is a candidate at all."""
    return connection.execute(select(candidates.c.id).limit(1)).first() is not None
