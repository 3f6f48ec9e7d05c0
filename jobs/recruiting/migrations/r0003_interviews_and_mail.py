"""Create interviews, their people and reminders, the mail outbox and what summaries covered."""

from __future__ import annotations

revision = "recruiting_0003"
down_revision = "recruiting_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
