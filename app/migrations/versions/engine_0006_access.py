"""Limit what accounts reach; count sign-ins by address; use links once; search the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.records.types import Instant

revision = "engine_0006"
down_revision = "engine_0005"
branch_labels = None
depends_on = None

SEARCHED = ("actor", "target", "verb")


def upgrade() -> None:
    for table in ("users", "tokens"):
        for name in ("tasks", "queues"):
            op.add_column(table, sa.Column(name, sa.Text()))
    address = sa.Column("address", sa.String(64), server_default=sa.text("''"), nullable=False)
    op.add_column("sign_in_failures", address)
    op.create_table(
        "used_links",
        sa.Column("link_hash", sa.String(64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("link_hash", name="pk_used_links"),
    )
    for name in SEARCHED:
        op.create_index(f"ix_audit_{name}_id", "audit", [name, "id"])


def downgrade() -> None:
    for name in SEARCHED:
        op.drop_index(f"ix_audit_{name}_id", "audit")
    op.drop_table("used_links")
    with op.batch_alter_table("sign_in_failures") as failures:
        failures.drop_column("address")
    for table in ("users", "tokens"):
        with op.batch_alter_table(table) as accounts:
            accounts.drop_column("queues")
            accounts.drop_column("tasks")
