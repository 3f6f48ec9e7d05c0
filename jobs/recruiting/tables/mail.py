"""What is to be mailed, what became of it, and who wants no more."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from app import Instant
from jobs.recruiting.tables.metadata import metadata, one_of

MAIL_STATES = ("pending", "sending", "sent", "failed", "unknown", "superseded", "missed")

# One message to one recipient. (kind, key, recipient) says what it is: it is sent once.
# `owner` is the run that sends it, `token` one claim by it, until `lease_until`. `handed_over_at`
# is set before the first byte of the text goes out: without it the message was certainly not
# sent. `unknowns` counts how often the answer to it was lost.
mail_outbox = Table(
    "mail_outbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(50), nullable=False),
    Column("key", String(300), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("state", String(16), nullable=False, server_default=text("'pending'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("unknowns", Integer, nullable=False, server_default=text("0")),
    Column("owner", String(200)),
    Column("token", String(64)),
    Column("lease_until", Instant),
    Column("handed_over_at", Instant),
    Column("message_id", String(200), nullable=False),
    Column("last_error", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("kind", "key", "recipient"),
    Index("ix_mail_outbox_state_updated_at", "state", "updated_at"),
    one_of("state", MAIL_STATES),
    sqlite_autoincrement=True,
)

# Addresses that a mail server called bad: nothing is sent to them until a person lifts it.
mail_suppressions = Table(
    "mail_suppressions",
    metadata,
    Column("recipient", String(320), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)
