"""What happened to applications, positions and offers. Figures are read from here, never from
what an application is now."""

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

OFFER_STATUSES = ("draft", "sent", "accepted", "declined", "rescinded", "expired")

# Every change of an application's status or stage, the first one its arrival (nothing before).
# Append-only: the database refuses updates, and deletions while the application is there. `at` is
# when it happened, `recorded_at` when it was written down.
stage_events = Table(
    "stage_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "application_id",
        Integer,
        ForeignKey("applications.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("from_status", String(16)),
    Column("from_stage", String(100)),
    Column("to_status", String(16), nullable=False),
    Column("to_stage", String(100)),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", Text),
    Index("ix_stage_events_application_id_at", "application_id", "at"),
    Index("ix_stage_events_at", "at"),
    sqlite_autoincrement=True,
)

# Every change of a position's status: between `on_hold` and `open` no day counts.
position_events = Table(
    "position_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("position_id", Integer, ForeignKey("positions.id", ondelete="CASCADE"), nullable=False),
    Column("from_status", String(16)),
    Column("to_status", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", String(200), nullable=False),
    Index("ix_position_events_position_id_at", "position_id", "at"),
    sqlite_autoincrement=True,
)

# One seat of a position, filled by one application.
openings = Table(
    "openings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("position_id", Integer, ForeignKey("positions.id", ondelete="CASCADE"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("filled_by", Integer, ForeignKey("applications.id", ondelete="SET NULL"), unique=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_openings_position_id", "position_id"),
    sqlite_autoincrement=True,
)

# What was offered, a version for each round of negotiation; the latest one counts. `resolved_at`
# is when it was accepted, declined, rescinded or ran out.
offers = Table(
    "offers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "application_id",
        Integer,
        ForeignKey("applications.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("status", String(16), nullable=False, server_default=text("'draft'")),
    Column("sent_at", Instant),
    Column("expires_at", Instant),
    Column("resolved_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("application_id", "version"),
    one_of("status", OFFER_STATUSES),
    sqlite_autoincrement=True,
)
