"""Who is at work on something of which there is only one."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from app import Instant
from jobs.recruiting.tables.metadata import metadata

# `owner` is the run, `token` one execution of it.
work_leases = Table(
    "work_leases",
    metadata,
    Column("name", String(300), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("token", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
)
