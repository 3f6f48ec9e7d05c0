"""Create the history of applications and positions, offers, analytics and the archive's audit.

The history of what is stored already begins with what is known of it: when somebody applied, and
when the last thing happened.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "recruiting_0004"
down_revision = "recruiting_0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    create_history()
    create_openings_and_offers()
    create_analytics()
    create_archive()
    begin_history()
    forbid_changes()


def create_history() -> None:
    op.create_table(
        "stage_events",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        reference("stage_events", "application_id", "applications"),
        sa.Column("from_status", sa.String(16)),
        sa.Column("from_stage", sa.String(100)),
        sa.Column("to_status", sa.String(16), nullable=False),
        sa.Column("to_stage", sa.String(100)),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stage_events_application_id_at", "stage_events", ["application_id", "at"])
    op.create_index("ix_stage_events_at", "stage_events", ["at"])
    op.create_table(
        "position_events",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        reference("position_events", "position_id", "positions"),
        sa.Column("from_status", sa.String(16)),
        sa.Column("to_status", sa.String(16), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_position_events_position_id_at", "position_events", ["position_id", "at"])


def reference(table: str, column: str, to: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{to}.id", name=f"fk_{table}_{column}_{to}", ondelete="CASCADE")
    return sa.Column(column, sa.Integer(), key, nullable=False)


def create_openings_and_offers() -> None:
    op.create_table(
        "openings",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        reference("openings", "position_id", "positions"),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column(
            "filled_by",
            sa.Integer(),
            sa.ForeignKey(
                "applications.id", name="fk_openings_filled_by_applications", ondelete="SET NULL"
            ),
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("filled_by", name="uq_openings_filled_by"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_openings_position_id", "openings", ["position_id"])
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        reference("offers", "application_id", "applications"),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")),
        sa.Column("status", sa.String(16), nullable=False, server_default=sa.text("'draft'")),
        sa.Column("sent_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("resolved_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("application_id", "version", name="uq_offers_application_id_version"),
        sa.CheckConstraint(
            "status IN ('draft', 'sent', 'accepted', 'declined', 'rescinded', 'expired')",
            name=op.f("ck_offers_status"),
        ),
        sqlite_autoincrement=True,
    )


def create_analytics() -> None:
    op.create_table(
        "analytics_versions",
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("definitions", sa.Integer(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.Column("watermark", sa.Text(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "analytics_pointers",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column(
            "version",
            sa.Integer(),
            sa.ForeignKey(
                "analytics_versions.version",
                name="fk_analytics_pointers_version_analytics_versions",
            ),
        ),
        sa.Column("confirmed_at", INSTANT),
        sa.Column("failed_at", INSTANT),
        sa.Column("failure", sa.Text()),
    )
    op.create_table(
        "weekly_reports",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("definitions", sa.Integer(), nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("plain", sa.Text(), nullable=False),
        sa.Column("csv", sa.Text(), nullable=False),
    )
    op.create_index("ix_weekly_reports_ends_at", "weekly_reports", ["ends_at"])


def create_archive() -> None:
    op.create_table(
        "archive_changes",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("application_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("from_status", sa.String(16), nullable=False),
        sa.Column("to_status", sa.String(16), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.UniqueConstraint(
            "run_id",
            "application_id",
            "action",
            name="uq_archive_changes_run_id_application_id_action",
        ),
        sa.CheckConstraint(
            "action IN ('archive', 'restore')", name=op.f("ck_archive_changes_action")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_archive_changes_application_id", "archive_changes", ["application_id", "id"]
    )
    op.create_table("work_leases", *lease_columns("name"))
    op.drop_table("sheet_leases")


def lease_columns(key: str) -> list[sa.Column[object]]:
    return [
        sa.Column(key, sa.String(300), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    ]


def begin_history() -> None:
    arrived = "status = 'active' AND (stage IS NULL OR last_activity_at <= applied_at)"
    op.execute(
        f"""
        INSERT INTO stage_events (application_id, to_status, to_stage, at, recorded_at, actor)
        SELECT id, 'active', CASE WHEN {arrived} THEN stage END, applied_at, created_at,
               'migration'
        FROM applications
        """  # noqa: S608 - no input
    )
    op.execute(
        f"""
        INSERT INTO stage_events
               (application_id, from_status, to_status, to_stage, at, recorded_at, actor, reason)
        SELECT id, 'active', status, stage,
               CASE WHEN last_activity_at > applied_at THEN last_activity_at ELSE applied_at END,
               created_at, 'migration', reason
        FROM applications WHERE NOT ({arrived})
        """  # noqa: S608 - no input
    )
    op.execute(
        """
        INSERT INTO position_events (position_id, to_status, at, recorded_at, actor)
        SELECT id, 'open', opened_at, created_at, 'migration'
        FROM positions WHERE opened_at IS NOT NULL
        """
    )
    op.execute(
        """
        INSERT INTO position_events
               (position_id, from_status, to_status, at, recorded_at, actor)
        SELECT id, 'open', status, COALESCE(closed_at, updated_at), created_at, 'migration'
        FROM positions WHERE opened_at IS NOT NULL AND status <> 'open'
        """
    )


def forbid_changes() -> None:
    """Let the database itself hold that events are only added; they may go with their application,
    whose row is gone before the cascade reaches them."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE FUNCTION refuse_stage_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' AND NOT EXISTS
                   (SELECT 1 FROM applications WHERE id = OLD.application_id) THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION 'stage_events is append-only';
            END $$
            """
        )
        op.execute(
            "CREATE TRIGGER stage_events_append_only BEFORE UPDATE OR DELETE ON stage_events "
            "FOR EACH ROW EXECUTE FUNCTION refuse_stage_event_change()"
        )
        return
    op.execute(
        "CREATE TRIGGER stage_events_no_update BEFORE UPDATE ON stage_events "
        "BEGIN SELECT RAISE(ABORT, 'stage_events is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER stage_events_no_delete BEFORE DELETE ON stage_events "
        "WHEN EXISTS (SELECT 1 FROM applications WHERE id = OLD.application_id) "
        "BEGIN SELECT RAISE(ABORT, 'stage_events is append-only'); END"
    )


def downgrade() -> None:
    op.create_table("sheet_leases", *lease_columns("sheet"))
    for table in (
        "work_leases",
        "archive_changes",
        "weekly_reports",
        "analytics_pointers",
        "analytics_versions",
        "offers",
        "openings",
        "position_events",
        "stage_events",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_stage_event_change()")
