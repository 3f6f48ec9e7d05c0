"""web, worker, scheduler, release: what the Procfile starts."""

from __future__ import annotations

import argparse
import importlib
import logging
import signal
from datetime import UTC, datetime
from time import sleep

from app import logs
from app.cli.types import Commands
from app.connection import Backoff, asking_redis
from app.errors import SettingsError, Unavailable
from app.records.database import writing
from app.records.migrate import migrate, pending
from app.records.releases import adopt_catalogue, register_release
from app.scheduler import Scheduler
from app.settings import current_settings
from app.system import System
from app.wear import Limits
from app.worker import Worker, worker_name

log = logging.getLogger("rota")

# The console is loaded by name: the engine does not know it.
CONSOLE = "console.server"


def add_commands(commands: Commands) -> None:
    web = commands.add_parser("web", help="the console and the REST API")
    web.set_defaults(run=run_web)
    worker = commands.add_parser("worker", help="run jobs from the queues")
    worker.add_argument("queues", nargs="*", help="in order of priority (default: QUEUES)")
    worker.add_argument("--burst", action="store_true", help="stop when the queues are empty")
    worker.add_argument("--max-jobs", type=int, help="stop after so many jobs")
    worker.add_argument("--max-idle-time", type=int, help="stop after so many idle seconds")
    worker.add_argument("--name", help="a name that no other worker has")
    worker.add_argument("--concurrency", type=_some, default=1, help="how many runs at once")
    worker.add_argument("--memory-limit", type=_some, help="MB that a run's process may ask for")
    worker.set_defaults(run=run_worker)
    scheduler = commands.add_parser("scheduler", help="fire schedules, recover, record")
    scheduler.set_defaults(run=run_scheduler)
    release = commands.add_parser("release", help="migrate the database and take this code's tasks")
    release.set_defaults(run=run_release)


def run_web(_options: argparse.Namespace) -> int:
    """Serve until stopped."""
    system = _open("web")
    importlib.import_module(CONSOLE).serve(system)
    return 0


def run_worker(options: argparse.Namespace) -> int:
    """Run jobs until stopped."""
    system = _open("worker")
    Worker(
        options.queues or list(system.settings.queues),
        name=options.name or worker_name(),
        connection=system.redis,
        system=system,
        concurrency=options.concurrency,
        limits=Limits(memory_mb=options.memory_limit),
    ).work(burst=options.burst, max_jobs=options.max_jobs, max_idle_time=options.max_idle_time)
    return 0


def run_scheduler(_options: argparse.Namespace) -> int:
    """Fire schedules until stopped."""
    system = _open("scheduler")
    if missing := _pending(system):
        raise SettingsError(
            f"The database lacks migrations ({', '.join(missing)}): "
            "run `python -m app release` first."
        )
    scheduler = Scheduler(system)
    scheduler.install_signal_handlers()
    scheduler.run()
    return 0


def run_release(_options: argparse.Namespace) -> int:
    """Migrate, make this code the newest release, and say what changed.

    Raises Unavailable when Redis does not answer, after the database is done.
    """
    logs.configure("release", current_settings())
    system = System.open(process="cli")
    migrate(system.database)
    now = datetime.now(UTC)
    with writing(system.database) as connection:
        sequence = register_release(connection, system.catalogue.hash, now)
        changed = adopt_catalogue(connection, system.catalogue, now)
    log.info(
        "Release %d: %d tasks, %d schedules changed", sequence, len(system.catalogue.tasks), changed
    )
    with asking_redis():
        system.redis.ping()
    return 0


def _pending(system: System) -> list[str]:
    """Return which migrations are missing, as soon as the database answers."""
    backoff = Backoff()
    while True:
        try:
            return sorted(pending(system.database))
        except Unavailable as error:
            delay = backoff.delay()
            log.warning("%s Trying again in %.1f s", error, delay)
            sleep(delay)


def _open(process: str) -> System:
    # Until a process has its own handlers, a signal must not look like a crash.
    signal.signal(signal.SIGTERM, lambda *_: exit_quietly())
    logs.configure(process, current_settings())
    return System.open(process=process)


def exit_quietly() -> None:
    """End at once, having nothing to put in order yet."""
    raise SystemExit(0)


def _some(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
