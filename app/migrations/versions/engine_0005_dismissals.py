"""Let people put a group of failures aside until it fails once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0005"
down_revision = "engine_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("task_id", sa.String(96), primary_key=True),
        sa.Column("cause", sa.String(64), primary_key=True),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(200)),
    )


def downgrade() -> None:
    op.drop_table("dismissals")
