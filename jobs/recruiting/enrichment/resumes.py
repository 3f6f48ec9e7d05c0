"""Résumés follow the profile links that candidates give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, literal, or_, select, update

from app import Instant
from jobs.recruiting.schema import candidates, resumes

LINKS = ("linkedin_url", "github_url")


def follow_links(connection: Connection, candidate_ids: Sequence[int], now: datetime) -> None:
    """Give each of these candidates with a profile link a pending résumé; where a link changed,
    make the résumé pending again. An objection stays."""
    _renew_changed(connection, candidate_ids, now)
    _add_missing(connection, candidate_ids, now)


def _renew_changed(connection: Connection, candidate_ids: Sequence[int], now: datetime) -> None:
    query = (
        select(resumes.c.id, candidates.c.linkedin_url, candidates.c.github_url)
        .join(candidates, candidates.c.id == resumes.c.candidate_id)
        .where(
            resumes.c.candidate_id.in_(candidate_ids),
            or_(*(resumes.c[link].is_distinct_from(candidates.c[link]) for link in LINKS)),
        )
    )
    for row in connection.execute(query).all():
        values: dict[str, Any] = {link: getattr(row, link) for link in LINKS}
        renewed = {
            "links_given_at": now,
            "enrichment_status": "pending",
            "status_reason": None,
            "attempts": 0,
            "next_attempt_at": None,
            "claimed_by": None,
            "claim_token": None,
            "claimed_until": None,
            "updated_at": now,
        }
        connection.execute(update(resumes).where(resumes.c.id == row.id).values(values | renewed))


def _add_missing(connection: Connection, candidate_ids: Sequence[int], now: datetime) -> None:
    instant = literal(now, Instant)
    missing = (
        select(candidates.c.id, *(candidates.c[link] for link in LINKS), instant, instant, instant)
        .outerjoin(resumes, resumes.c.candidate_id == candidates.c.id)
        .where(
            candidates.c.id.in_(candidate_ids),
            resumes.c.id.is_(None),
            or_(*(candidates.c[link].is_not(None) for link in LINKS)),
        )
        .order_by(candidates.c.id)
    )
    columns = ["candidate_id", *LINKS, "links_given_at", "created_at", "updated_at"]
    connection.execute(insert(resumes).from_select(columns, missing))
