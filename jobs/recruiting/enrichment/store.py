"""What a run writes: claims, answers, how a résumé stands. Each is one guarded transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from app import writing
from jobs.recruiting.enrichment.decide import Question, Verdict
from jobs.recruiting.enrichment.loading import Work, free
from jobs.recruiting.schema import candidates, enrichments, resumes
from jobs.services.lookups import SETTLED, Lookup

# Longer than the questions about one résumé take, waits for limits included.
CLAIM = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right of one execution to write about one résumé."""

    resume_id: int
    candidate_id: int
    token: str


def claim(engine: Engine, work: Work, owner: str, now: datetime) -> Claim | None:
    """Take a résumé; None when another run took it, or when it or what its candidate allows
    changed since it was read."""
    token = token_hex(16)
    allowed = exists().where(
        candidates.c.id == work.candidate_id,
        candidates.c.do_not_contact.is_(False),
        candidates.c.legal_hold.is_(False),
        candidates.c.anonymised_at.is_(None),
    )
    taking = (
        update(resumes)
        .where(*_as_read(work), resumes.c.do_not_enrich_at.is_(None), allowed, free(now, owner))
        .values(
            enrichment_status="running",
            claimed_by=owner,
            claim_token=token,
            claimed_until=now + CLAIM,
            updated_at=now,
        )
    )
    with writing(engine) as connection:
        taken = connection.execute(taking).rowcount
    return Claim(work.resume_id, work.candidate_id, token) if taken else None


def finish(engine: Engine, claim: Claim, verdict: Verdict, now: datetime) -> bool:
    """Write how the résumé stands and let it go; False when the claim was lost meanwhile."""
    with writing(engine) as connection:
        return _write(connection, verdict, now, resumes.c.claim_token == claim.token)


def settle(engine: Engine, work: Work, verdict: Verdict, owner: str, now: datetime) -> bool:
    """Write how a résumé stands about which nobody needs to be asked."""
    with writing(engine) as connection:
        return _write(connection, verdict, now, *_as_read(work), free(now, owner))


def _as_read(work: Work) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return resumes.c.id == work.resume_id, resumes.c.updated_at == work.updated_at


def _write(
    connection: Connection, verdict: Verdict, now: datetime, *guards: ColumnElement[bool]
) -> bool:
    statement = (
        update(resumes)
        .where(*guards)
        .values(
            enrichment_status=verdict.status,
            status_reason=verdict.reason,
            attempts=verdict.attempts,
            next_attempt_at=verdict.next_attempt_at,
            claimed_by=None,
            claim_token=None,
            claimed_until=None,
            updated_at=now,
        )
    )
    return connection.execute(statement).rowcount == 1


def intend(engine: Engine, claim: Claim, question: Question, now: datetime) -> int | None:
    """Note that a paid question is about to be put, so that a lost answer is known as lost.

    Return how many of an execution that died are found lost now; None when the claim is.
    """
    with writing(engine) as connection:
        if not _ours(connection, claim, now):
            return None
        row = _row(connection, claim.candidate_id, question.provider.name)
        same = row is not None and row.query == question.query.url
        found_lost = int(row is not None and same and row.asked_at is not None)
        lost = found_lost + (row.lost_answers if row and same else 0)
        values = {"asked_at": now, "lost_answers": lost}
        if not same:
            values |= _nothing("asked", "", question)
        _put(connection, claim, question, row, values)
        return found_lost


def save(engine: Engine, claim: Claim, question: Question, found: Lookup, now: datetime) -> bool:
    """Keep an answer beside what the candidate wrote; False when the claim was lost meanwhile,
    for instance because the candidate objected: then nothing is kept.

    An answer that says nothing about the person leaves the one before it as it was.
    """
    with writing(engine) as connection:
        if not _ours(connection, claim, now):
            return False
        row = _row(connection, claim.candidate_id, question.provider.name)
        same = row is not None and row.query == question.query.url
        if found.outcome in SETTLED:
            values = _answer(found, question, row, now)
        elif row and same and row.outcome in SETTLED:
            values = {}
        else:
            values = _nothing(found.outcome, found.reason, question)
        values["asked_at"] = None
        values["credits"] = (row.credits if row else 0) + found.credits
        values["lost_answers"] = _lost(found, row)
        _put(connection, claim, question, row, values)
        return True


def _answer(
    found: Lookup, question: Question, row: Row[Any] | None, now: datetime
) -> dict[str, Any]:
    told = question.provider.third_party and bool(found.fields)
    return {
        "query": question.query.url,
        "outcome": found.outcome,
        "reason": found.reason or None,
        "confidence": found.confidence,
        "source_url": found.source_url,
        "fields": {name: field.to_json() for name, field in found.fields.items()},
        "fetched_at": now,
        "expires_at": found.kept_until(now),
        # The month for the notice runs from the first data on, not from the latest.
        "obtained_at": ((row and row.obtained_at) or now) if told else None,
    }


def _nothing(outcome: str, reason: str, question: Question) -> dict[str, Any]:
    return {
        "query": question.query.url,
        "outcome": outcome,
        "reason": reason or None,
        "confidence": None,
        "source_url": None,
        "fields": {},
        "fetched_at": None,
        "expires_at": None,
        "obtained_at": None,
    }


def _lost(found: Lookup, row: Row[Any] | None) -> int:
    if found.outcome in SETTLED:
        return 0
    return (row.lost_answers if row else 0) + (found.answer_lost and found.credits == 0)


def _ours(connection: Connection, claim: Claim, now: datetime) -> bool:
    """Tell whether the claim holds, and keep others from changing that until the commit."""
    touched = update(resumes).where(resumes.c.claim_token == claim.token).values(updated_at=now)
    return connection.execute(touched).rowcount == 1


def _row(connection: Connection, candidate_id: int, provider: str) -> Row[Any] | None:
    query = select(enrichments).where(
        enrichments.c.candidate_id == candidate_id, enrichments.c.provider == provider
    )
    return connection.execute(query).first()


def _put(
    connection: Connection,
    claim: Claim,
    question: Question,
    row: Row[Any] | None,
    values: dict[str, Any],
) -> None:
    if row is not None:
        connection.execute(update(enrichments).where(enrichments.c.id == row.id).values(**values))
        return
    named = {"candidate_id": claim.candidate_id, "provider": question.provider.name}
    connection.execute(insert(enrichments).values(**named, **values))
