"""What a candidate may ask of us about enrichments: to see them, to have them deleted for good,
and to be told of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from app import Conflict, Invalid, reading, writing
from jobs.recruiting.schema import candidates, enrichments, resumes


def forget(engine: Engine, candidate_id: int, now: datetime) -> int:
    """Delete what providers said about a candidate and never look them up again; return how many
    answers were deleted. A run that is asking right now keeps nothing.

    Raises Invalid for an unknown candidate. Raises Conflict under a legal hold: then nothing is
    deleted (Art. 17(3)(e) GDPR), but the objection is noted all the same.
    """
    with writing(engine) as connection:
        held = _candidate(connection, candidate_id).legal_hold
        _object(connection, candidate_id, now)
        deleted = 0
        if not held:
            theirs = enrichments.c.candidate_id == candidate_id
            deleted = connection.execute(delete(enrichments).where(theirs)).rowcount
    if held:
        raise Conflict(
            f"Candidate {candidate_id} is under legal hold: nothing was deleted. They are not "
            "looked up any more; repeat this when the hold has ended."
        )
    return deleted


def _object(connection: Connection, candidate_id: int, now: datetime) -> None:
    values = {
        "enrichment_status": "skipped",
        "status_reason": "the candidate objected",
        "attempts": 0,
        "next_attempt_at": None,
        "claimed_by": None,
        "claim_token": None,
        "claimed_until": None,
        "do_not_enrich_at": now,
        "updated_at": now,
    }
    theirs = resumes.c.candidate_id == candidate_id
    if not connection.execute(update(resumes).where(theirs).values(values)).rowcount:
        new = {"candidate_id": candidate_id, "links_given_at": now, "created_at": now}
        connection.execute(insert(resumes).values(values | new))


def note_told(engine: Engine, candidate_id: int, now: datetime) -> int:
    """Note that a candidate was told what was obtained, and from where (Art. 14 GDPR); return
    of how many answers. Raises Invalid for an unknown candidate."""
    with writing(engine) as connection:
        _candidate(connection, candidate_id)
        told = update(enrichments).where(
            enrichments.c.candidate_id == candidate_id,
            enrichments.c.obtained_at.is_not(None),
            enrichments.c.notice_sent_at.is_(None),
        )
        return connection.execute(told.values(notice_sent_at=now)).rowcount


def stored_about(engine: Engine, candidate_id: int) -> dict[str, Any]:
    """Return all that providers said about a candidate, each field with its source.

    Raises Invalid for an unknown candidate.
    """
    with reading(engine) as connection:
        _candidate(connection, candidate_id)
        query = select(enrichments).where(enrichments.c.candidate_id == candidate_id)
        rows = connection.execute(query.order_by(enrichments.c.provider)).all()
    return {
        row.provider: {
            "outcome": row.outcome,
            "reason": row.reason,
            "source_url": row.source_url,
            "obtained_at": row.obtained_at,
            "notice_sent_at": row.notice_sent_at,
            "fields": row.fields,
        }
        for row in rows
    }


def _candidate(connection: Connection, candidate_id: int) -> Any:
    query = select(candidates.c.id, candidates.c.legal_hold).where(candidates.c.id == candidate_id)
    row = connection.execute(query).first()
    if row is None:
        raise Invalid(f"There is no candidate {candidate_id}.")
    return row
