"""What the daily summaries told."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint, text

from app import Instant
from jobs.recruiting.tables.metadata import metadata, one_of

SUMMARY_STATES = ("open", "done", "empty")

# A half-open window [since, until) of arrivals, told of together. The next one begins where the
# last one ended. An `open` one is finished before another is begun.
daily_summaries = Table(
    "daily_summaries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("state", String(16), nullable=False, server_default=text("'open'")),
    Column("run_id", String(200)),
    Column("applications", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("since"),
    one_of("state", SUMMARY_STATES),
    sqlite_autoincrement=True,
)

# Which applications a summary told of. Beside the windows, because an application may become
# visible only after the window that its arrival falls into was read.
summarised_applications = Table(
    "summarised_applications",
    metadata,
    Column(
        "application_id",
        Integer,
        ForeignKey("applications.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column(
        "summary_id",
        Integer,
        ForeignKey("daily_summaries.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
)
