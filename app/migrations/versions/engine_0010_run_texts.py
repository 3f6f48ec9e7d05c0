"""The words of runs, with the database's own index over them.

The runs from before are indexed after this, in steps of their own (app/records/migrate.py).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.run_texts import FILLED, create_index, mark_unfilled
from app.records.types import Instant

revision = "engine_0010"
down_revision = "engine_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_texts",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.UniqueConstraint("run_id", name="uq_run_texts_run_id"),
    )
    create_index(op.get_bind())
    mark_unfilled(op.get_bind())


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_table("run_words")
    op.drop_table("run_texts")
    op.execute(f"DELETE FROM counters WHERE name = '{FILLED}'")  # noqa: S608 - a constant
