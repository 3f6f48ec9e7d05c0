"""An index of the few schedules that have an end or may start only so many runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "engine_0011"
down_revision = "engine_0010"
branch_labels = None
depends_on = None

SQLITE = (
    "retired_at IS NULL AND (json_extract(definition, '$.schedule.end') IS NOT NULL "
    "OR json_extract(definition, '$.schedule.max_runs') IS NOT NULL)"
)
POSTGRESQL = (
    "retired_at IS NULL AND ((definition #>> '{schedule,end}') IS NOT NULL "
    "OR (definition #>> '{schedule,max_runs}') IS NOT NULL)"
)


def upgrade() -> None:
    op.create_index(
        "ix_schedules_limited",
        "schedules",
        ["task_id"],
        sqlite_where=sa.text(SQLITE),
        postgresql_where=sa.text(POSTGRESQL),
    )


def downgrade() -> None:
    op.drop_index("ix_schedules_limited", "schedules")
