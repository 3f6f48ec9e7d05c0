"""Positions and the applications for them."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app import Instant
from jobs.recruiting.tables.metadata import metadata, one_of

APPLICATION_STATUSES = ("active", "hired", "rejected", "withdrawn", "archived")
POSITION_STATUSES = ("draft", "open", "on_hold", "filled", "closed", "cancelled")

# What people apply to. `title_key` is the title without case and doubled spaces.
positions = Table(
    "positions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("title", String(200), nullable=False),
    Column("title_key", String(200), nullable=False, unique=True),
    Column("status", String(16), nullable=False, server_default=text("'open'")),
    Column("opened_at", Instant),
    Column("closed_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    one_of("status", POSITION_STATUSES),
    sqlite_autoincrement=True,
)

# A candidate's try for one position. `previous_status` is what an archived one goes back to.
applications = Table(
    "applications",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "candidate_id", Integer, ForeignKey("candidates.id", ondelete="CASCADE"), nullable=False
    ),
    Column("position_id", Integer, ForeignKey("positions.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False, server_default=text("'active'")),
    Column("previous_status", String(16)),
    Column("stage", String(100)),
    Column("source", String(100)),
    Column("applied_at", Instant, nullable=False),
    Column("last_activity_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("candidate_id", "position_id"),
    Index("ix_applications_status_last_activity_at", "status", "last_activity_at"),
    one_of("status", APPLICATION_STATUSES),
    sqlite_autoincrement=True,
)
