"""What is measured: a console over a filled database and a filled Redis."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from flask import Flask
from redis import Redis
from sqlalchemy import update

from app.reconcile import reconcile
from app.records import run_texts
from app.records.database import writing
from app.records.migrate import migrate
from app.records.releases import adopt_catalogue, register_release
from app.records.run_texts import FILLED
from app.records.schema import counters
from app.settings import Settings
from app.settings_access import Credential
from app.system import System
from benchmarks.consoles import QUEUES, history, registries
from console import create_app
from tests.servers import PostgresServer, RedisServer, server_folder

PERSON = Credential("ada", "operator", "ada's password")
PROGRAM = Credential("grafana", "operator", "token-of-grafana")


@dataclass(frozen=True)
class Stage:
    system: System
    app: Flask
    kind: str
    settings: Settings


@contextmanager
def stage(kind: str, runs: int, jobs: int) -> Iterator[Stage]:
    """Start private servers, fill them, and open a console over them."""
    with server_folder() as folder:
        redis = RedisServer(folder / "redis")
        redis.start()
        postgres = PostgresServer(folder / "postgres") if kind == "postgresql" else None
        try:
            url = (
                postgres.url(postgres.create_database()).replace(
                    "postgresql:", "postgresql+psycopg:"
                )
                if postgres
                else f"sqlite:///{folder / 'rota.sqlite3'}"
            )
            settings = _settings(redis.url, url, folder)
            system = System.open(settings, process="web")
            _fill(system, runs, jobs)
            yield Stage(system, create_app(system), kind, settings)
            system.close()
        finally:
            redis.stop()
            if postgres:
                postgres.stop()


def _settings(redis_url: str, database_url: str, folder: Path) -> Settings:
    return Settings(
        redis_url=redis_url,
        database_url=database_url,
        secret_key="a secret of the benchmark that is long enough",  # noqa: S106 - of a private server
        task_modules=("benchmarks.consoles.tasks",),
        queues=QUEUES,
        data_dir=folder,
        log_dir=folder / "logs",
        console_users=(PERSON,),
        api_tokens=(PROGRAM,),
    )


def _fill(system: System, runs: int, jobs: int) -> None:
    now, begun = datetime.now(UTC), monotonic()
    migrate(system.database)
    with writing(system.database) as connection:
        register_release(connection, system.catalogue.hash, now)
        adopt_catalogue(connection, system.catalogue, now)
    _told("schedules", begun)
    history.fill(system, runs, now)
    _told(f"{runs:,} runs", begun)
    with writing(system.database) as connection:
        connection.execute(update(counters).where(counters.c.name == FILLED).values(value=0))
    run_texts.fill(system.database)
    _told("index of words", begun)
    reconcile(system, now)
    system.redis.set("rota:incarnation", "benchmark")
    note = {"at": now.replace(year=now.year + 1).isoformat(), "leads": True}
    system.redis.hset("rota:schedulers", "host.1", json.dumps(note))
    registries.fill(Redis.from_url(system.settings.redis_url), QUEUES, jobs, now)
    _told(f"{jobs:,} jobs in registries", begun)


def _told(what: str, begun: float) -> None:
    print(f"{what}: filled after {monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
