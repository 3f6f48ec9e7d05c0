"""What a run reads: the résumés that are due, and what providers said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Row, exists, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from jobs.recruiting.schema import applications, candidates, enrichments, resumes
from jobs.services.lookups import SETTLED, Field, Lookup, Outcome

PAGE = 500
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Work:
    """A résumé that is due, with what decides whether its candidate may be looked up."""

    resume_id: int
    candidate_id: int
    github_url: str | None
    linkedin_url: str | None
    links_given_at: datetime
    status: str
    reason: str | None
    attempts: int
    next_attempt_at: datetime | None
    do_not_enrich: bool
    do_not_contact: bool
    legal_hold: bool
    has_open_application: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What one provider said last. `lost_answers` counts those that never arrived."""

    provider: str
    query: str
    outcome: str
    reason: str
    confidence: float | None
    source_url: str | None
    fields: Mapping[str, Field]
    lost_answers: int
    expires_at: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.outcome in SETTLED and self.expires_at is not None and self.expires_at > now

    def as_lookup(self) -> Lookup:
        outcome = cast(Outcome, self.outcome)
        return Lookup(
            outcome,
            self.fields,
            self.confidence,
            self.source_url,
            self.reason,
            expires_at=self.expires_at,
        )


def due(connection: Connection, now: datetime, owner: str) -> Iterator[list[Work]]:
    """Yield pages of résumés to look at now, by id.

    A claim of another run keeps a résumé away until it expires; `owner`'s own claims, left by an
    execution that died, do not.
    """
    last = 0
    while rows := connection.execute(_page(now, owner, last)).all():
        yield [_work(row) for row in rows]
        last = rows[-1].id


def _page(now: datetime, owner: str, last: int) -> Any:
    open_application = exists().where(
        applications.c.candidate_id == candidates.c.id, applications.c.status == "active"
    )
    return (
        select(
            resumes,
            candidates.c.do_not_contact,
            candidates.c.legal_hold,
            open_application.label("has_open_application"),
        )
        .join(candidates, candidates.c.id == resumes.c.candidate_id)
        .where(
            resumes.c.id > last,
            candidates.c.anonymised_at.is_(None),
            or_(resumes.c.linkedin_url.is_not(None), resumes.c.github_url.is_not(None)),
            or_(resumes.c.next_attempt_at.is_(None), resumes.c.next_attempt_at <= now),
            free(now, owner),
        )
        .order_by(resumes.c.id)
        .limit(PAGE)
    )


def waiting(connection: Connection, now: datetime) -> int:
    """Return how many résumés an earlier run put off until a time within the coming day."""
    at = resumes.c.next_attempt_at
    query = select(func.count()).where(
        resumes.c.enrichment_status.in_(("pending", "partial")), at > now, at <= now + A_DAY
    )
    return connection.execute(query).scalar_one()


def free(now: datetime, owner: str) -> ColumnElement[bool]:
    """Return the condition that nobody else holds a résumé."""
    return or_(
        resumes.c.claimed_until.is_(None),
        resumes.c.claimed_until <= now,
        resumes.c.claimed_by == owner,
    )


def _work(row: Row[Any]) -> Work:
    return Work(
        resume_id=row.id,
        candidate_id=row.candidate_id,
        github_url=row.github_url,
        linkedin_url=row.linkedin_url,
        links_given_at=row.links_given_at,
        status=row.enrichment_status,
        reason=row.status_reason,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        do_not_enrich=row.do_not_enrich_at is not None,
        do_not_contact=row.do_not_contact,
        legal_hold=row.legal_hold,
        has_open_application=bool(row.has_open_application),
        updated_at=row.updated_at,
    )


def stored_answers(
    connection: Connection, candidate_ids: Sequence[int]
) -> dict[int, dict[str, Stored]]:
    """Return what is stored about each candidate, by provider."""
    found: dict[int, dict[str, Stored]] = {}
    query = select(enrichments).where(enrichments.c.candidate_id.in_(candidate_ids))
    for row in connection.execute(query):
        found.setdefault(row.candidate_id, {})[row.provider] = Stored(
            provider=row.provider,
            query=row.query,
            outcome=row.outcome,
            reason=row.reason or "",
            confidence=row.confidence,
            source_url=row.source_url,
            fields={name: Field.from_json(field) for name, field in row.fields.items()},
            lost_answers=row.lost_answers + (row.asked_at is not None),
            expires_at=row.expires_at,
        )
    return found
