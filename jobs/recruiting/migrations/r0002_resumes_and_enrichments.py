"""Create résumés and what providers said about the people they belong to."""

from __future__ import annotations

revision = "recruiting_0002"
down_revision = "recruiting_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
