"""Résumés to enrich, and what outside providers said."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint
from sqlalchemy import text as sql

from app import Instant, Json
from jobs.recruiting.tables.metadata import metadata, one_of

ENRICHMENT_STATUSES = (
    "pending",
    "running",
    "enriched",
    "partial",
    "no_match",
    "skipped",
    "failed",
)
OUTCOMES = (
    "asked",
    "matched",
    "low_confidence",
    "no_match",
    "skipped",
    "rate_limited",
    "quota_exhausted",
    "auth_failed",
    "unavailable",
    "invalid",
)

# What a candidate handed in. The links are the candidate's words, as they were at
# `links_given_at`; nothing that a provider says is ever written here. `json_resume` is the parsed
# document (jsonresume.org). A claim (`claimed_by` until `claimed_until`) belongs to one execution
# by its token. `do_not_enrich_at` is when the candidate objected, for good.
resumes = Table(
    "resumes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "candidate_id",
        Integer,
        ForeignKey("candidates.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    Column("linkedin_url", String(500)),
    Column("github_url", String(500)),
    Column("links_given_at", Instant, nullable=False),
    Column("json_resume", Json),
    Column("enrichment_status", String(16), nullable=False, server_default=sql("'pending'")),
    Column("status_reason", String(300)),
    Column("attempts", Integer, nullable=False, server_default=sql("0")),
    Column("next_attempt_at", Instant),
    Column("claimed_by", String(200)),
    Column("claim_token", String(64)),
    Column("claimed_until", Instant),
    Column("do_not_enrich_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_resumes_enrichment_status_next_attempt_at", "enrichment_status", "next_attempt_at"),
    one_of("enrichment_status", ENRICHMENT_STATUSES),
    sqlite_autoincrement=True,
)

# The latest that one provider said about one candidate. `fields` maps a name to its value with
# its provenance: source, source_url, fetched_at, expires_at, confidence, basis, etag. `asked_at`
# is set before a paid question and cleared with its answer: what is left over was a lost answer.
# `obtained_at` and `notice_sent_at` are for the notice that the candidate must get (Art. 14 GDPR).
enrichments = Table(
    "enrichments",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "candidate_id", Integer, ForeignKey("candidates.id", ondelete="CASCADE"), nullable=False
    ),
    Column("provider", String(40), nullable=False),
    Column("query", String(500), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(300)),
    Column("confidence", Float),
    Column("source_url", String(500)),
    Column("fields", Json, nullable=False),
    Column("credits", Integer, nullable=False, server_default=sql("0")),
    Column("lost_answers", Integer, nullable=False, server_default=sql("0")),
    Column("asked_at", Instant),
    Column("fetched_at", Instant),
    Column("expires_at", Instant),
    Column("obtained_at", Instant),
    Column("notice_sent_at", Instant),
    UniqueConstraint("candidate_id", "provider"),
    Index("ix_enrichments_notice_sent_at_obtained_at", "notice_sent_at", "obtained_at"),
    one_of("outcome", OUTCOMES),
    sqlite_autoincrement=True,
)
