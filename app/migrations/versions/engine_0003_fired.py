"""Count the runs of schedules that may start only so many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0003"
down_revision = "engine_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("fired", "fired_since"):
        column = sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False)
        op.add_column("schedules", column)


def downgrade() -> None:
    with op.batch_alter_table("schedules") as table:
        table.drop_column("fired_since")
        table.drop_column("fired")
