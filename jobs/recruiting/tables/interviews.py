"""Interviews, who takes part, and the reminders that come of them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from app import Instant
from jobs.recruiting.tables.metadata import metadata, one_of

INTERVIEW_STATUSES = ("scheduled", "awaiting_feedback", "completed", "cancelled", "no_show")
RESPONSES = ("needs_action", "accepted", "tentative", "declined")

# `time_zone` is the organiser's; `all_day` has a date but no hour: it begins at midnight there.
# `sequence` grows with every change, as SEQUENCE of the calendar entry (RFC 5545 §3.8.7.4).
interviews = Table(
    "interviews",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "application_id",
        Integer,
        ForeignKey("applications.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("title", String(200), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("time_zone", String(64), nullable=False, server_default=text("'UTC'")),
    Column("all_day", Boolean, nullable=False, server_default=false()),
    Column("sequence", Integer, nullable=False, server_default=text("0")),
    Column("status", String(20), nullable=False, server_default=text("'scheduled'")),
    Column("place", String(500)),
    Column("url", String(500)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_interviews_status_start_at", "status", "start_at"),
    one_of("status", INTERVIEW_STATUSES),
    sqlite_autoincrement=True,
)

# The interviewers of an interview; the candidate is the application's.
interview_people = Table(
    "interview_people",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "interview_id",
        Integer,
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("name", String(300), nullable=False),
    Column("email", String(320), nullable=False),
    Column("time_zone", String(64)),
    Column("response", String(16), nullable=False, server_default=text("'needs_action'")),
    UniqueConstraint("interview_id", "email"),
    one_of("response", RESPONSES),
    sqlite_autoincrement=True,
)

# One reminder: of this interview, to this recipient, so long before this start. A moved interview
# has another start and therefore other reminders; what tells of the move is of kind `moved`, and
# counts by the interview's `sequence`, as it may be moved to the same hour twice. What became of
# it stands in its outbox row.
interview_reminders = Table(
    "interview_reminders",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "interview_id",
        Integer,
        ForeignKey("interviews.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("recipient", String(320), nullable=False),
    Column("role", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("lead_minutes", Integer, nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("sequence", Integer, nullable=False, server_default=text("0")),
    Column("due_at", Instant, nullable=False),
    Column("mail_id", Integer, ForeignKey("mail_outbox.id"), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint(
        "interview_id",
        "recipient",
        "kind",
        "lead_minutes",
        "start_at",
        "sequence",
        name="uq_interview_reminders_identity",
    ),
    Index("ix_interview_reminders_due_at", "due_at"),
    Index("ix_interview_reminders_start_at", "start_at"),
    one_of("role", ("candidate", "interviewer")),
    one_of("kind", ("reminder", "moved", "cancelled")),
    sqlite_autoincrement=True,
)
