"""The leader's work on SQL: recognise Redis, adopt the release, mirror decisions, catch up.

It runs beside the firing loop, so that a slow or absent database delays no fire.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta
from typing import Any

from app import actions, keys, scripts
from app.backfill import feed
from app.bulk import carry_on
from app.chores import Chores
from app.errors import SettingsError
from app.incarnation import await_running, recognise, restart_lost_runs
from app.limits import remember_starts
from app.outbox import sweep
from app.reconcile import reconcile
from app.records.database import writing
from app.records.releases import adopt_catalogue, newest_release
from app.records.retention import prune, prune_bulk_acts
from app.rejoining import rejoin_live_runs
from app.system import System

log = logging.getLogger("rota.scheduler")

FORGET_SCHEDULERS = timedelta(hours=1)


def take_over(system: System, now: datetime) -> str:
    """Before anything fires: recognise Redis, adopt the release, mirror decisions, build again
    what was set aside. Returns the incarnation of what was taken over.

    Raises Unavailable when the database is away, SettingsError before the first release.
    """
    mended: Any = system.redis.get(keys.MENDED)
    new = recognise(system.redis, system.database, now)
    incarnation: Any = system.redis.get(keys.INCARNATION)
    if new:
        # Before anything fires, so that what was live still counts as live.
        await_running(system)
        remember_starts(system, now)
        restart_lost_runs(system, now)
    changed = refresh(system, now)
    if mended is not None:
        rejoin_live_runs(system)
        scripts.run("settled", system.redis, [], [mended])
    log.info("Took over: %d schedules changed%s", changed, ", Redis was new" if new else "")
    return (incarnation or b"").decode("utf-8", "replace")


def refresh(system: System, now: datetime) -> int:
    """Adopt the newest release, if it is this code's, and mirror what holds into Redis.

    Returns how many schedules changed there.
    """
    with writing(system.database) as connection:
        release = newest_release(connection)
        if release is None:
            raise SettingsError("Nothing was released yet: run `python -m app release` first.")
        if release.catalogue_hash == system.catalogue.hash:
            adopt_catalogue(connection, system.catalogue, now)
        else:
            log.info("The newest release is of other code than mine: I fire what it says")
    return reconcile(system, now)


def chores(system: System) -> Chores:
    """Return what comes round while this scheduler leads."""
    made = Chores()
    days = system.settings.run_retention_days
    made.every(1, lambda now: actions.end_expired_pauses(system, now))
    made.every(1, lambda now: feed(system, now))
    made.every(0.5, lambda now: carry_on(system, now))
    made.every(3, lambda now: sweep(system, now))
    made.every(5, lambda now: restart_lost_runs(system, now))
    made.every(30, lambda now: refresh(system, now))
    made.every(60, lambda now: prune(system.database, days, now))
    made.every(60, lambda now: prune_bulk_acts(system.database, days, now))
    made.every(600, lambda now: _forget_schedulers(system, now))
    return made


def _forget_schedulers(system: System, now: datetime) -> None:
    notes: Any = system.redis.hgetall(keys.SCHEDULERS)
    for name, note in notes.items():
        if _forgettable(note, now):
            system.redis.hdel(keys.SCHEDULERS, name)


def _forgettable(note: bytes, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(json.loads(note)["at"]) > FORGET_SCHEDULERS
    except (ValueError, TypeError, KeyError, RecursionError):
        # No scheduler of ours wrote it, and it would stay for ever.
        return True
