"""Acts on everything that a search finds: what was chosen, how far it is, how each run went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.types import Instant

revision = "engine_0009"
down_revision = "engine_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulks",
        sa.Column("bulk_id", sa.String(64), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("skipped", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("undo_of", sa.String(64)),
        sa.Column("cancelled_by", sa.String(200)),
        sa.Column("ended_at", Instant()),
        sa.PrimaryKeyConstraint("bulk_id", name="pk_bulks"),
        sa.UniqueConstraint("undo_of", name="uq_bulks_undo_of"),
    )
    op.create_index("ix_bulks_at_bulk_id", "bulks", ["at", "bulk_id"])
    op.create_table(
        "bulk_runs",
        sa.Column("bulk_id", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(16)),
        sa.Column("reason", sa.Text()),
        sa.Column("made", sa.String(200)),
        sa.PrimaryKeyConstraint("bulk_id", "place", name="pk_bulk_runs"),
    )
    op.create_index("ix_bulk_runs_run_id", "bulk_runs", ["run_id"])
    op.create_index("ix_bulk_runs_bulk_id_outcome", "bulk_runs", ["bulk_id", "outcome"])


def downgrade() -> None:
    op.drop_table("bulk_runs")
    op.drop_table("bulks")
