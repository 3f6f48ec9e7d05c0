"""What each run used: processor seconds, and most memory at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0007"
down_revision = "engine_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("cpu_seconds", sa.Float()))
        runs.add_column(sa.Column("max_rss_bytes", sa.BigInteger()))


def downgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.drop_column("max_rss_bytes")
        runs.drop_column("cpu_seconds")
