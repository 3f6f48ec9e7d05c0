"""Figures that were computed, which of them count, and the weekly reports that were made."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from app import Instant, Json
from jobs.recruiting.tables.metadata import metadata

# One computation. `watermark` says what the source held, `definitions` by which rules.
analytics_versions = Table(
    "analytics_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=True),
    Column("definitions", Integer, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("computed_at", Instant, nullable=False),
    Column("watermark", Text, nullable=False),
    Column("figures", Json, nullable=False),
    sqlite_autoincrement=True,
)

# Which version is served. `confirmed_at` is when it was last known to be right, `failed_at` and
# `failure` tell of a refresh that did not come through since.
analytics_pointers = Table(
    "analytics_pointers",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("version", Integer, ForeignKey("analytics_versions.version")),
    Column("confirmed_at", Instant),
    Column("failed_at", Instant),
    Column("failure", Text),
)

# A closed week's report as it was first made, and is mailed. `week` is like 2026-W47.
weekly_reports = Table(
    "weekly_reports",
    metadata,
    Column("week", String(8), primary_key=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("definitions", Integer, nullable=False),
    Column("computed_at", Instant, nullable=False),
    Column("figures", Json, nullable=False),
    Column("subject", String(300), nullable=False),
    Column("html", Text, nullable=False),
    Column("plain", Text, nullable=False),
    Column("csv", Text, nullable=False),
    Index("ix_weekly_reports_ends_at", "ends_at"),
)
