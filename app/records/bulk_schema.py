"""The tables of acts on everything that a search found."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from app.records.schema import metadata
from app.records.types import Instant

# `position` is the place of the last run that was dealt with: where the next step goes on.
bulks = Table(
    "bulks",
    metadata,
    Column("bulk_id", String(64), primary_key=True),
    Column("act", String(16), nullable=False),
    Column("filter", Text, nullable=False),
    Column("by", String(200), nullable=False),
    Column("via", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("total", Integer, nullable=False),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("skipped", Integer, nullable=False, server_default=text("0")),
    Column("undo_of", String(64), unique=True),
    Column("cancelled_by", String(200)),
    Column("ended_at", Instant),
    Index("ix_bulks_at_bulk_id", "at", "bulk_id"),
)

# The runs as they were found when somebody confirmed; `outcome` is null until their turn came,
# then done or skipped. `made` is the run that "run again" made of one.
bulk_runs = Table(
    "bulk_runs",
    metadata,
    Column("bulk_id", String(64), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("run_id", String(200), nullable=False),
    Column("outcome", String(16)),
    Column("reason", Text),
    Column("made", String(200)),
    Index("ix_bulk_runs_run_id", "run_id"),
    Index("ix_bulk_runs_bulk_id_outcome", "bulk_id", "outcome"),
)
