"""Create candidates, positions, applications and what the sheet's sync remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "recruiting_0001"
down_revision = None
branch_labels = ("recruiting",)
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "candidates",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("external_id", sa.String(200)),
        sa.Column("email_key", sa.String(254)),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("given_name", sa.String(150)),
        sa.Column("family_name", sa.String(150)),
        sa.Column("emails", sa.JSON(), nullable=False),
        sa.Column("phones", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(64)),
        sa.Column("linkedin_url", sa.String(500)),
        sa.Column("github_url", sa.String(500)),
        sa.Column("website_url", sa.String(500)),
        sa.Column("do_not_contact", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("legal_hold", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("anonymised_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("external_id", name="uq_candidates_external_id"),
        sa.UniqueConstraint("email_key", name="uq_candidates_email_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "positions",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("title_key", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, server_default=sa.text("'open'")),
        sa.Column("opened_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("title_key", name="uq_positions_title_key"),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'on_hold', 'filled', 'closed', 'cancelled')",
            name=op.f("ck_positions_status"),
        ),
        sqlite_autoincrement=True,
    )
    create_applications()
    op.create_table(
        "sheet_rows",
        sa.Column("sheet", sa.String(300), primary_key=True),
        sa.Column("candidate_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
    )
    op.create_table(
        "sheet_leases",
        sa.Column("sheet", sa.String(300), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )


def create_applications() -> None:
    op.create_table(
        "applications",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column(
            "candidate_id",
            sa.Integer(),
            sa.ForeignKey(
                "candidates.id",
                name="fk_applications_candidate_id_candidates",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column(
            "position_id",
            sa.Integer(),
            sa.ForeignKey("positions.id", name="fk_applications_position_id_positions"),
            nullable=False,
        ),
        sa.Column("status", sa.String(16), nullable=False, server_default=sa.text("'active'")),
        sa.Column("previous_status", sa.String(16)),
        sa.Column("stage", sa.String(100)),
        sa.Column("source", sa.String(100)),
        sa.Column("applied_at", INSTANT, nullable=False),
        sa.Column("last_activity_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint(
            "candidate_id", "position_id", name="uq_applications_candidate_id_position_id"
        ),
        sa.CheckConstraint(
            "status IN ('active', 'hired', 'rejected', 'withdrawn', 'archived')",
            name=op.f("ck_applications_status"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_applications_position_id", "applications", ["position_id"])
    op.create_index(
        "ix_applications_status_last_activity_at", "applications", ["status", "last_activity_at"]
    )


def downgrade() -> None:
    for table in ("sheet_leases", "sheet_rows", "applications", "positions", "candidates"):
        op.drop_table(table)
