"""What the sheet's sync remembers."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from app import Instant
from jobs.recruiting.tables.metadata import metadata

# What the last sync wrote for a candidate, as a hash of the managed cells: tells a hand edit in
# the sheet from a change of the candidate.
sheet_rows = Table(
    "sheet_rows",
    metadata,
    Column("sheet", String(300), primary_key=True),
    Column("candidate_id", Integer, primary_key=True, autoincrement=False),
    Column("content_hash", String(64), nullable=False),
    Column("written_at", Instant, nullable=False),
)
