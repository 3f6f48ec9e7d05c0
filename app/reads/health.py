"""What the processes stand on: schedulers, Redis, the database, settings, integrations."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Select, func, select

from app import keys
from app.errors import Unavailable
from app.reads.frame import frame_and_more
from app.reads.live import Live, ask_redis
from app.reads.shapes import FrameView, HealthView
from app.records.schema import acts, recorder, runs
from app.settings import shown
from app.system import System

INTEGRATIONS = {
    "Google Sheets": ("GOOGLE_SERVICE_ACCOUNT", "SHEETS_SPREADSHEET_ID"),
    "GitHub": ("GITHUB_TOKEN",),
    "LinkedIn data": ("PDL_API_KEY",),
    "Mail": ("SMTP_URL",),
}
# Of INFO, what decides whether jobs are safe there.
FACTS = (
    "redis_version", "valkey_version", "redis_mode", "role", "uptime_in_seconds",
    "connected_clients", "used_memory", "maxmemory", "maxmemory_policy", "aof_enabled",
    "aof_last_write_status", "rdb_last_save_time", "rdb_last_bgsave_status", "evicted_keys",
)  # fmt: skip


def health(system: System, now: datetime) -> tuple[HealthView, FrameView | None]:
    """Return all of it, whatever is away: what cannot be asked has its reason instead."""
    live = ask_redis(system, now)
    redis, redis_away = ({}, live.away) if live.away else _redis(system)
    around, database, database_away = _database(system, now, live)
    settings = system.settings
    view = HealthView(
        schedulers=live.schedulers,
        redis=redis,
        database=database,
        settings=shown(settings),
        integrations={
            name: all(settings.service(each) for each in needed)
            for name, needed in INTEGRATIONS.items()
        },
        redis_away=redis_away,
        database_away=database_away,
    )
    return view, around


def _redis(system: System) -> tuple[dict[str, Any], str | None]:
    pipeline = system.redis.pipeline(transaction=False)
    pipeline.info()
    pipeline.dbsize()
    pipeline.xlen(keys.EVENTS)
    pipeline.zcard(keys.SCHEDULE)
    started = perf_counter()
    try:
        info, size, events, schedules = pipeline.execute(raise_on_error=False)
    except (RedisError, OSError) as error:
        return {}, str(error)
    found: dict[str, Any] = {name: info[name] for name in FACTS if name in info}
    found |= {
        "round_trip_ms": round((perf_counter() - started) * 1000, 2),
        "keys": size if isinstance(size, int) else None,
        "events_waiting": events if isinstance(events, int) else None,
        "schedules": schedules if isinstance(schedules, int) else None,
    }
    return found, None


def _database(
    system: System, now: datetime, live: Live
) -> tuple[FrameView | None, dict[str, Any], str | None]:
    dialect = system.database.dialect.name
    started = perf_counter()
    try:
        around, _, (rows,) = frame_and_more(system, now, live, _facts(dialect))
    except Unavailable as error:
        return None, {}, str(error)
    facts = {
        "kind": "SQLite" if dialect == "sqlite" else "PostgreSQL",
        "version": rows[0].version.split(" on ")[0],
        "round_trip_ms": round((perf_counter() - started) * 1000, 2),
        "recorded_at": rows[0].recorded_at,
        "acts_waiting": rows[0].acts_waiting,
        "oldest_run_at": rows[0].oldest_run_at,
    }
    return around, facts, None


def _facts(dialect: str) -> Select[Any]:
    pending = select(func.count()).select_from(acts).where(acts.c.applied_at.is_(None))
    version = func.sqlite_version() if dialect == "sqlite" else func.version()
    return select(
        version.label("version"),
        select(recorder.c.at).limit(1).scalar_subquery().label("recorded_at"),
        pending.scalar_subquery().label("acts_waiting"),
        select(func.min(runs.c.at)).scalar_subquery().label("oldest_run_at"),
    )
