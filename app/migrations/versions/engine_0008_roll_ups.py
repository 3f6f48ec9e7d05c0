"""Counts by quarter of an hour and each task's last run, so that no screen looks at all runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.roll_ups import fill, uninstall
from app.records.types import Instant

revision = "engine_0008"
down_revision = "engine_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_counts",
        sa.Column("task_id", sa.String(96), primary_key=True),
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("status", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer(), nullable=False),
    )
    op.create_table(
        "last_runs",
        sa.Column("task_id", sa.String(96), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        # Nobody writes a run between this count and the triggers that go on with it.
        op.execute("LOCK TABLE runs IN SHARE ROW EXCLUSIVE MODE")
    fill(connection)


def downgrade() -> None:
    uninstall(op.get_bind())
    op.drop_table("last_runs")
    op.drop_table("run_counts")
