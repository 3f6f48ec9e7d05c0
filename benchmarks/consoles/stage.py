"""What is measured: a console over a filled database and a filled Redis."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from flask import Flask
from redis import Redis
from sqlalchemy import update

from app.reconcile import reconcile
from app.records import roll_ups, run_texts
from app.records.database import writing
from app.records.migrate import migrate
from app.records.releases import adopt_catalogue, register_release
from app.records.run_texts import FILLED
from app.records.schema import counters
from app.settings import Settings
from app.settings_access import Credential
from app.system import System
from benchmarks.consoles import QUEUES, decisions, history, registries
from console import create_app
from console.server import settle
from tests.servers import PostgresServer, RedisServer, server_folder

PERSON = Credential("ada", "admin", "ada's password")
PROGRAM = Credential("grafana", "admin", "token-of-grafana")


@dataclass(frozen=True)
class Stage:
    system: System
    app: Flask
    kind: str
    settings: Settings


@dataclass(frozen=True)
class Filling:
    """What a stage is filled with; a kept one is used again for the same only."""

    kind: str
    runs: int
    jobs: int
    tasks: int


@contextmanager
def stage(filling: Filling, keep: Path | None = None) -> Iterator[Stage]:
    """Start private servers, fill them, and open a console over them.

    What `keep` holds from an earlier call is used again, so it shows runs of that time.
    """
    with _folder(keep) as folder, ExitStack() as stack:
        filled = folder / "filled.json"
        full = filled.exists() and json.loads(filled.read_text()) == asdict(filling)
        if not full:
            _clear(folder)
        redis = RedisServer(folder / "redis", durable=keep is not None)
        stack.callback(redis.stop)
        redis.start()
        settings = _settings(redis.url, _database(filling.kind, folder, stack), folder)
        system = System.open(settings, process="web")
        stack.callback(system.close)
        migrate(system.database)
        if not full:
            _fill(system, filling)
            filled.write_text(json.dumps(asdict(filling)))
        registries.fill_workers(Redis.from_url(redis.url), QUEUES, datetime.now(UTC))
        app = create_app(system)
        settle()
        yield Stage(system, app, filling.kind, settings)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with server_folder() as folder:
            yield folder
    else:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()


def _clear(folder: Path) -> None:
    """Remove what an earlier stage left, and nothing else."""
    for name in ("redis", "postgres", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for left in (*folder.glob("rota.sqlite3*"), folder / "filled.json"):
        left.unlink(missing_ok=True)


def _database(kind: str, folder: Path, stack: ExitStack) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'rota.sqlite3'}"
    postgres = PostgresServer(folder / "postgres")
    stack.callback(postgres.shut_down)
    url = postgres.url(postgres.create_database("rota"))
    return url.replace("postgresql:", "postgresql+psycopg:")


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


def _fill(system: System, filling: Filling) -> None:
    now, begun = datetime.now(UTC), monotonic()
    with writing(system.database) as connection:
        register_release(connection, system.catalogue.hash, now)
        adopt_catalogue(connection, system.catalogue, now)
    _told("schedules", begun)
    # Triggers would count each row; all at once takes a tenth of the time.
    with writing(system.database) as connection:
        roll_ups.uninstall(connection)
    history.fill(system, filling.runs, now)
    with writing(system.database) as connection:
        roll_ups.fill(connection)
        roll_ups.install(connection)
    decisions.fill(system, now)
    _told(f"{filling.runs:,} runs", begun)
    with writing(system.database) as connection:
        connection.execute(update(counters).where(counters.c.name == FILLED).values(value=0))
    run_texts.fill(system.database)
    _told("index of words", begun)
    reconcile(system, now)
    system.redis.set("rota:incarnation", "benchmark")
    note = {"at": now.replace(year=now.year + 1).isoformat(), "leads": True}
    system.redis.hset("rota:schedulers", "host.1", json.dumps(note))
    registries.fill(Redis.from_url(system.settings.redis_url), QUEUES, filling.jobs, now)
    _told(f"{filling.jobs:,} jobs in registries", begun)


def _told(what: str, begun: float) -> None:
    print(f"{what}: filled after {monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
