"""The recruiting tables. Migrations create them; this module is how code names them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from jobs.recruiting.instant import Instant

APPLICATION_STATUSES = ("active", "hired", "rejected", "withdrawn", "archived")
POSITION_STATUSES = ("draft", "open", "on_hold", "filled", "closed", "cancelled")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def one_of(column: str, allowed: tuple[str, ...]) -> CheckConstraint:
    """Return the check that `column` holds one of `allowed`."""
    listed = ", ".join(f"'{value}'" for value in allowed)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


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

# Who is writing to a sheet now. `owner` is the run, `token` one execution of it.
sheet_leases = Table(
    "sheet_leases",
    metadata,
    Column("sheet", String(300), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("token", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
)
