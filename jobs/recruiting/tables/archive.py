"""Every application that the archive took or gave back."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from app import Instant, Json
from jobs.recruiting.tables.metadata import metadata, one_of

ARCHIVE_ACTIONS = ("archive", "restore")

# `run_id` is the archiving run, also for what was restored of it. `before` holds the columns as
# they were. Without a foreign key: it outlives the application it tells of.
archive_changes = Table(
    "archive_changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(200), nullable=False),
    Column("application_id", Integer, nullable=False),
    Column("action", String(16), nullable=False),
    Column("from_status", String(16), nullable=False),
    Column("to_status", String(16), nullable=False),
    Column("before", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    UniqueConstraint("run_id", "application_id", "action"),
    Index("ix_archive_changes_application_id", "application_id", "id"),
    one_of("action", ARCHIVE_ACTIONS),
    sqlite_autoincrement=True,
)
