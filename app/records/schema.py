"""The engine's tables. Migrations create them; this module is how code names them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text, text

from app.records.limited_schedules import LIMITED
from app.records.types import Bytes, Instant, Json, Seconds

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _partial_index(name: str, column: str, rows: str) -> Index:
    """Return an index that holds only these rows."""
    return Index(name, column, sqlite_where=text(rows), postgresql_where=text(rows))


# --- what happened -------------------------------------------------------------------------------

# One row a run, also for fire times that were skipped or missed. `at` orders every list: the
# fire time, else when the run was accepted. `revision` guards updates against replay and
# reordering: Redis counts it up with every state change of the run.
runs = Table(
    "runs",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("task_id", String(96), nullable=False),
    Column("schedule_id", String(96)),
    Column("parent_run_id", String(200)),
    Column("trigger", String(16), nullable=False),
    Column("triggered_by", String(200)),
    Column("status", String(16), nullable=False),
    Column("reason", Text),
    Column("queue", String(64)),
    Column("at", Instant, nullable=False),
    Column("fire_time", Instant),
    Column("queued_at", Instant),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("revision", Integer, nullable=False, server_default=text("0")),
    Column("arguments", Json),
    Column("result", Json),
    Column("error", Json),
    Column("worker", String(200)),
    Column("backfill_id", String(64)),
    Column("cpu_seconds", Seconds),
    Column("max_rss_bytes", Bytes),
    # Set when Redis lost the run; it starts again under its id, and the next event clears this.
    Column("lost_at", Instant),
    Index("ix_runs_at_run_id", "at", "run_id"),
    Index("ix_runs_task_id_at", "task_id", "at", "run_id"),
    Index("ix_runs_status_at", "status", "at", "run_id"),
    Index("ix_runs_backfill_id_status", "backfill_id", "status"),
    # Few runs have a parent, so the index holds only those.
    _partial_index("ix_runs_parent_run_id", "parent_run_id", "parent_run_id IS NOT NULL"),
)

run_dependencies = Table(
    "run_dependencies",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("depends_on", String(200), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("allow_failure", Boolean, nullable=False),
    Index("ix_run_dependencies_depends_on", "depends_on", "run_id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", String(16)),
    Column("worker", String(200)),
    Column("error", Json),
)

# A run's capped log, written once when the run ends: `lines` is a list of
# {"at", "level", "logger", "message"}; `dropped` counts what the cap left out.
run_logs = Table(
    "run_logs",
    metadata,
    Column("run_id", String(200), primary_key=True),
    Column("lines", Json, nullable=False),
    Column("dropped", Integer, nullable=False, server_default=text("0")),
)

# The words of a run, masked and as app/records/words.py makes them. The index over them is the
# database's own (app/records/run_texts.py); it knows rows by `id`.
run_texts = Table(
    "run_texts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String(200), nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("words", Text, nullable=False),
)

# How many runs of a task (`*`: of all) have this status in a quarter of an hour, numbered since
# 1970; and the newest run of each task that executed, and that succeeded. Triggers keep both
# (app/records/roll_ups.py), so nothing else writes them.
run_counts = Table(
    "run_counts",
    metadata,
    Column("task_id", String(96), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("status", String(16), primary_key=True),
    Column("number", Integer, nullable=False),
)

last_runs = Table(
    "last_runs",
    metadata,
    Column("task_id", String(96), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("run_id", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", String(16), nullable=False),
)

# --- what was decided ----------------------------------------------------------------------------

# Every schedule ever known. `definition` is what holds now (code merged with overrides),
# `code_definition` what the newest release says (null when it was made in the console).
schedules = Table(
    "schedules",
    metadata,
    Column("schedule_id", String(96), primary_key=True),
    Column("task_id", String(96), nullable=False, index=True),
    Column("source", String(16), nullable=False),
    Column("code_definition", Json),
    Column("definition", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("last_fire_time", Instant),
    # How many runs it has started of those it may (`max_runs`), counted since this revision.
    Column("fired", Integer, nullable=False, server_default=text("0")),
    Column("fired_since", Integer, nullable=False, server_default=text("0")),
    Column("missing_since", Instant),
    Column("retired_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200)),
    # Few do, and every page that tells how the whole stands asks which.
    Index(
        "ix_schedules_limited",
        "task_id",
        sqlite_where=text(LIMITED["sqlite"]),
        postgresql_where=text(LIMITED["postgresql"]),
    ),
)

overrides = Table(
    "overrides",
    metadata,
    Column("schedule_id", String(96), primary_key=True),
    Column("field", String(32), primary_key=True),
    Column("value", Json, nullable=False),
    Column("code_value", Json),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("archived_at", Instant),
)

# `scope` is a task id, `queue:<name>`, or `*` for everything. A pause that ended stays with its
# end, because fire times up to then never run.
pauses = Table(
    "pauses",
    metadata,
    Column("scope", String(96), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Instant),
    Column("resumed_at", Instant),
)

skips = Table(
    "skips",
    metadata,
    Column("schedule_id", String(96), primary_key=True),
    Column("fire_time", Instant, primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
)

# A group of failures that somebody looked at: it is out of the way until it fails once more.
# `task_id` is `*` and `cause` is `missed` for the fire times that were missed up to `at`.
dismissals = Table(
    "dismissals",
    metadata,
    Column("task_id", String(96), primary_key=True),
    Column("cause", String(64), primary_key=True),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", String(200)),
)

# A range of past fire times that run by and by, at most `concurrency` of them at a time.
backfills = Table(
    "backfills",
    metadata,
    Column("backfill_id", String(64), primary_key=True),
    Column("task_id", String(96), nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("start", Instant, nullable=False),
    Column("end", Instant, nullable=False),
    Column("total", Integer, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("ended_at", Instant),
)

# The outbox: an act is committed here with its decision and audit row, then applied to Redis.
acts = Table(
    "acts",
    metadata,
    Column("act_id", String(64), primary_key=True),
    Column("revision", Integer, nullable=False, unique=True),
    Column("verb", String(32), nullable=False),
    Column("target", String(200), nullable=False),
    Column("payload", Json, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", Instant, nullable=False),
    Column("applied_at", Instant),
    Column("error", Text),
    _partial_index("ix_acts_pending", "revision", "applied_at IS NULL"),
)

# Single rows of counters: `decisions` (the newest revision).
counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Integer, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("catalogue_hash", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("via", String(16), nullable=False),
    Column("address", String(64)),
    Column("verb", String(32), nullable=False),
    Column("target", String(200), nullable=False),
    Column("before", Json),
    Column("after", Json),
    Column("outcome", String(16), nullable=False),
    Column("act_id", String(64)),
    Index("ix_audit_actor_id", "actor", "id"),
    Index("ix_audit_target_id", "target", "id"),
    Index("ix_audit_verb_id", "verb", "id"),
    sqlite_autoincrement=True,
)

# --- how Redis and SQL stay true to each other ---------------------------------------------------

# One row: which Redis (incarnation) was recorded up to which stream id, committed with the rows.
recorder = Table(
    "recorder",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("incarnation", String(64), nullable=False),
    Column("position", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)

# A lock in SQL for work outside the queues: one holder until `expires_at`.
leases = Table(
    "leases",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
)
