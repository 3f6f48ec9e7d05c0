"""Create résumés and what providers said about the people they belong to.

People who are stored already and gave a profile link get their pending résumé here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app import Instant, Json

revision = "recruiting_0002"
down_revision = "recruiting_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resumes",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        _candidate("fk_resumes_candidate_id_candidates"),
        sa.Column("linkedin_url", sa.String(500)),
        sa.Column("github_url", sa.String(500)),
        sa.Column("links_given_at", Instant(), nullable=False),
        sa.Column("json_resume", Json),
        sa.Column(
            "enrichment_status", sa.String(16), nullable=False, server_default=sa.text("'pending'")
        ),
        sa.Column("status_reason", sa.String(300)),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_attempt_at", Instant()),
        sa.Column("claimed_by", sa.String(200)),
        sa.Column("claim_token", sa.String(64)),
        sa.Column("claimed_until", Instant()),
        sa.Column("do_not_enrich_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("candidate_id", name="uq_resumes_candidate_id"),
        sa.CheckConstraint(
            "enrichment_status IN ('pending', 'running', 'enriched', 'partial', 'no_match', "
            "'skipped', 'failed')",
            name=op.f("ck_resumes_enrichment_status"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_resumes_enrichment_status_next_attempt_at",
        "resumes",
        ["enrichment_status", "next_attempt_at"],
    )
    _create_enrichments()
    op.execute(
        "INSERT INTO resumes (candidate_id, linkedin_url, github_url, links_given_at, created_at, "
        "updated_at) SELECT id, linkedin_url, github_url, created_at, created_at, created_at "
        "FROM candidates WHERE linkedin_url IS NOT NULL OR github_url IS NOT NULL"
    )


def _create_enrichments() -> None:
    op.create_table(
        "enrichments",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        _candidate("fk_enrichments_candidate_id_candidates"),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(300)),
        sa.Column("confidence", sa.Float()),
        sa.Column("source_url", sa.String(500)),
        sa.Column("fields", Json, nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("lost_answers", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("asked_at", Instant()),
        sa.Column("fetched_at", Instant()),
        sa.Column("expires_at", Instant()),
        sa.Column("obtained_at", Instant()),
        sa.Column("notice_sent_at", Instant()),
        sa.UniqueConstraint(
            "candidate_id", "provider", name="uq_enrichments_candidate_id_provider"
        ),
        sa.CheckConstraint(
            "outcome IN ('asked', 'matched', 'low_confidence', 'no_match', 'skipped', "
            "'rate_limited', 'quota_exhausted', 'auth_failed', 'unavailable', 'invalid')",
            name=op.f("ck_enrichments_outcome"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_enrichments_notice_sent_at_obtained_at",
        "enrichments",
        ["notice_sent_at", "obtained_at"],
    )


def _candidate(name: str) -> sa.Column[int]:
    key = sa.ForeignKey("candidates.id", name=name, ondelete="CASCADE")
    return sa.Column("candidate_id", sa.Integer(), key, nullable=False)


def downgrade() -> None:
    op.drop_table("enrichments")
    op.drop_table("resumes")
