"""Know for which runs a run waited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0004"
down_revision = "engine_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_dependencies",
        sa.Column("run_id", sa.String(200), primary_key=True),
        sa.Column("depends_on", sa.String(200), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("allow_failure", sa.Boolean, nullable=False),
    )
    op.create_index("ix_run_dependencies_depends_on", "run_dependencies", ["depends_on", "run_id"])


def downgrade() -> None:
    op.drop_table("run_dependencies")
