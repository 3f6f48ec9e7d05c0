"""check: settings, connections, catalogue; says what is wrong and how to mend it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from app.cli.types import Commands
from app.connection import asking_redis
from app.errors import RotaError
from app.records.database import reading
from app.records.migrate import pending
from app.records.releases import release_diff
from app.settings import Settings, current_settings, shown
from app.system import System

OLDEST_SERVER = (6, 2)


def add_commands(commands: Commands) -> None:
    check = commands.add_parser("check", help="check settings, connections and tasks")
    check.add_argument(
        "--diff", action="store_true", help="only show what a release of this code would change"
    )
    check.set_defaults(run=run_check)


def run_check(options: argparse.Namespace) -> int:
    """Print every setting, then what is wrong; 1 where anything is."""
    settings = current_settings()
    if options.diff:
        return _show_diff(System.open(settings))
    for name, value in shown(settings).items():
        print(f"{name:<24} {value}")
    print()
    system = System.open(settings)
    schedules = sum(len(task.schedules) for task in system.catalogue.tasks.values())
    print(f"ok     {len(system.catalogue.tasks)} tasks, {schedules} schedules")
    wrong = [*_tell("Redis", _redis_faults(system.redis)), *_tell("Database", _database(system))]
    if not system.catalogue.tasks:
        wrong += _tell(
            "Tasks",
            iter(
                [
                    "no task is defined: add a file with @task to a module of "
                    f"TASK_MODULES ({', '.join(settings.task_modules)})"
                ]
            ),
        )
    wrong += _tell("Queues", _queue_faults(system))
    wrong += _tell("Hosts", _host_faults(settings))
    if settings.production and not settings.console_users and not settings.trusted_proxy_header:
        print("note   nobody is in CONSOLE_USERS: `python -m app users add NAME` adds people")
    return 1 if wrong else 0


def _show_diff(system: System) -> int:
    if pending(system.database):
        print("The database is not migrated: everything would be new.")
        return 0
    with reading(system.database) as connection:
        changes = release_diff(connection, system.catalogue)
    for change in changes:
        print(change)
    if not changes:
        print("A release of this code changes no schedule.")
    return 0


def _tell(what: str, faults: Iterator[str]) -> list[str]:
    try:
        found = list(faults)
    except RotaError as error:
        found = [str(error)]
    for fault in found:
        print(f"WRONG  {what}: {fault}")
    if not found:
        print(f"ok     {what}")
    return found


def _redis_faults(redis: Redis) -> Iterator[str]:
    with asking_redis():
        info = redis.info()
    version = str(info.get("redis_version", "0.0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_SERVER:
        yield f"version {version} is too old: 6.2 or newer is needed"
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield (
            f"maxmemory-policy is {policy}, so Redis may throw runs away: "
            "`redis-cli config set maxmemory-policy noeviction`, and in its configuration file"
        )
    if not info.get("aof_enabled") and not _saves(redis):
        yield (
            "nothing is persisted, so a restart loses what waits: "
            "`redis-cli config set appendonly yes`, and in its configuration file"
        )


def _saves(redis: Redis) -> bool:
    try:
        return bool(redis.config_get("save").get("save"))
    except RedisError:
        # Hosted servers forbid CONFIG; they keep their own backups.
        return True


def _queue_faults(system: System) -> Iterator[str]:
    served = system.settings.queues
    for task in system.catalogue.tasks.values():
        if task.queue not in served:
            yield (
                f"{task.id} uses {task.queue}, which is not in QUEUES ({', '.join(served)}): "
                "no worker takes its runs"
            )


def _host_faults(settings: Settings) -> Iterator[str]:
    if settings.production and not settings.allowed_hosts:
        yield (
            "ALLOWED_HOSTS is not set, so the console answers only on this machine: name what "
            "people type, such as ALLOWED_HOSTS=my-app.herokuapp.com"
        )


def _database(system: System) -> Iterator[str]:
    missing = pending(system.database)
    if missing:
        yield f"migrations are missing ({', '.join(sorted(missing))}): `python -m app release`"
