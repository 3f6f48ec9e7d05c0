"""The people who apply."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, false

from app import Instant
from jobs.recruiting.tables.metadata import metadata

# A person. `email_key` is the first of `emails`, normalised: the natural key of an import, with
# `external_id` (the applicant tracking system's) for people without an address. An id is never
# given twice (AUTOINCREMENT): sheets outside know people by it.
candidates = Table(
    "candidates",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("external_id", String(200), unique=True),
    Column("email_key", String(254), unique=True),
    Column("name", String(300), nullable=False),
    Column("given_name", String(150)),
    Column("family_name", String(150)),
    Column("emails", JSON, nullable=False),
    Column("phones", JSON, nullable=False),
    Column("time_zone", String(64)),
    Column("linkedin_url", String(500)),
    Column("github_url", String(500)),
    Column("website_url", String(500)),
    Column("do_not_contact", Boolean, nullable=False, server_default=false()),
    Column("legal_hold", Boolean, nullable=False, server_default=false()),
    Column("anonymised_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
