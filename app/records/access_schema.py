"""The tables of who may come in: users, tokens, sessions, and tries of signing in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, text

from app.records.schema import metadata
from app.records.types import Instant

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(300), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    # Patterns separated by commas of what their acts reach; null is everything.
    Column("tasks", Text),
    Column("queues", Text),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("revoked_at", Instant),
    Column("tasks", Text),
    Column("queues", Text),
)

# `session_hash` is SHA-256 of the cookie's value, so that a copy of the table signs nobody in.
sessions = Table(
    "sessions",
    metadata,
    Column("session_hash", String(64), primary_key=True),
    Column("user", String(64), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("address", String(64)),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    # Of IPv6 the network that one customer is given.
    Column("address", String(64), nullable=False, server_default=text("''")),
    Index("ix_sign_in_failures_key_at", "key", "at"),
    sqlite_autoincrement=True,
)

# Links of a development system that have signed somebody in.
used_links = Table(
    "used_links",
    metadata,
    Column("link_hash", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
)
