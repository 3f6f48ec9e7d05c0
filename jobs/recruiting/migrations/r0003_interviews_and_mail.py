"""Create interviews, their people and reminders, the mail outbox and what summaries covered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "recruiting_0003"
down_revision = "recruiting_0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_interviews()
    create_outbox()
    create_reminders()
    create_summaries()


def create_interviews() -> None:
    op.create_table(
        "interviews",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column(
            "application_id",
            sa.Integer(),
            sa.ForeignKey(
                "applications.id",
                name="fk_interviews_application_id_applications",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False, server_default=sa.text("'UTC'")),
        sa.Column("all_day", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("sequence", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("status", sa.String(20), nullable=False, server_default=sa.text("'scheduled'")),
        sa.Column("place", sa.String(500)),
        sa.Column("url", sa.String(500)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status IN ('scheduled', 'awaiting_feedback', 'completed', 'cancelled', 'no_show')",
            name=op.f("ck_interviews_status"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interviews_application_id", "interviews", ["application_id"])
    op.create_index("ix_interviews_status_start_at", "interviews", ["status", "start_at"])
    op.create_table(
        "interview_people",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column(
            "interview_id",
            sa.Integer(),
            sa.ForeignKey(
                "interviews.id",
                name="fk_interview_people_interview_id_interviews",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("time_zone", sa.String(64)),
        sa.Column(
            "response", sa.String(16), nullable=False, server_default=sa.text("'needs_action'")
        ),
        sa.UniqueConstraint("interview_id", "email", name="uq_interview_people_interview_id_email"),
        sa.CheckConstraint(
            "response IN ('needs_action', 'accepted', 'tentative', 'declined')",
            name=op.f("ck_interview_people_response"),
        ),
        sqlite_autoincrement=True,
    )


def create_outbox() -> None:
    op.create_table(
        "mail_outbox",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, server_default=sa.text("'pending'")),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("unknowns", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("owner", sa.String(200)),
        sa.Column("token", sa.String(64)),
        sa.Column("lease_until", INSTANT),
        sa.Column("handed_over_at", INSTANT),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.UniqueConstraint("kind", "key", "recipient", name="uq_mail_outbox_kind_key_recipient"),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'superseded', 'missed')",
            name=op.f("ck_mail_outbox_state"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mail_outbox_state_updated_at", "mail_outbox", ["state", "updated_at"])
    op.create_table(
        "mail_suppressions",
        sa.Column("recipient", sa.String(320), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
    )


def create_reminders() -> None:
    op.create_table(
        "interview_reminders",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column(
            "interview_id",
            sa.Integer(),
            sa.ForeignKey(
                "interviews.id",
                name="fk_interview_reminders_interview_id_interviews",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column(
            "mail_id",
            sa.Integer(),
            sa.ForeignKey("mail_outbox.id", name="fk_interview_reminders_mail_id_mail_outbox"),
            nullable=False,
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("mail_id", name="uq_interview_reminders_mail_id"),
        sa.UniqueConstraint(
            "interview_id",
            "recipient",
            "kind",
            "lead_minutes",
            "start_at",
            "sequence",
            name="uq_interview_reminders_identity",
        ),
        sa.CheckConstraint(
            "role IN ('candidate', 'interviewer')", name=op.f("ck_interview_reminders_role")
        ),
        sa.CheckConstraint(
            "kind IN ('reminder', 'moved', 'cancelled')",
            name=op.f("ck_interview_reminders_kind"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interview_reminders_due_at", "interview_reminders", ["due_at"])
    op.create_index("ix_interview_reminders_start_at", "interview_reminders", ["start_at"])


def create_summaries() -> None:
    op.create_table(
        "daily_summaries",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False, server_default=sa.text("'open'")),
        sa.Column("run_id", sa.String(200)),
        sa.Column("applications", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.UniqueConstraint("since", name="uq_daily_summaries_since"),
        sa.CheckConstraint(
            "state IN ('open', 'done', 'empty')", name=op.f("ck_daily_summaries_state")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "summarised_applications",
        sa.Column(
            "application_id",
            sa.Integer(),
            sa.ForeignKey(
                "applications.id",
                name="fk_summarised_applications_application_id_applications",
                ondelete="CASCADE",
            ),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "summary_id",
            sa.Integer(),
            sa.ForeignKey(
                "daily_summaries.id",
                name="fk_summarised_applications_summary_id_daily_summaries",
                ondelete="CASCADE",
            ),
            nullable=False,
        ),
    )
    op.create_index(
        "ix_summarised_applications_summary_id", "summarised_applications", ["summary_id"]
    )


def downgrade() -> None:
    for table in (
        "summarised_applications",
        "daily_summaries",
        "interview_reminders",
        "mail_suppressions",
        "mail_outbox",
        "interview_people",
        "interviews",
    ):
        op.drop_table(table)
