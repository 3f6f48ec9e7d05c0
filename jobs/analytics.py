"""Keep the hiring figures fresh, every quarter of an hour."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app import current_database, current_settings, every, task
from jobs.recruiting.analytics import definitions
from jobs.recruiting.analytics.refreshing import PERIODS, Refreshed, refresh
from jobs.recruiting.leasing import execution_owner

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshResult:
    """Which version of the figures is served now, and what it counts in the last 90 days."""

    message: str
    version: int
    changed: bool
    computed_at: datetime
    received: int
    completed: int
    hires: int
    open: int
    definitions: int
    seconds: float


@task(every("15m"), queue="low", timeout="10m", overlap="skip", misfire="latest")
def refresh_analytics_cache() -> RefreshResult:
    """Refresh the cached hiring figures.

    Computes them from the recorded history, writes them as a new version and then serves that
    one. Where nothing changed since the last time, the served version is confirmed. When it
    fails, the earlier figures stay, shown with their age.
    """
    now = datetime.now(UTC)
    zone = ZoneInfo(current_settings().timezone)
    done = refresh(current_database(), now, zone, execution_owner(now))
    result = _result(done, (datetime.now(UTC) - now).total_seconds())
    log.info("%s", result.message)
    return result


def _result(done: Refreshed, seconds: float) -> RefreshResult:
    shortest = done.figures.periods[PERIODS[0]]
    if done.changed:
        message = (
            f"Version {done.version} is served now: {shortest.received:,} applications, "
            f"{shortest.completed:,} completed and {shortest.hires:,} hires in {PERIODS[0]} days."
        )
    else:
        message = (
            f"Nothing changed: version {done.version} of {done.computed_at:%d %b %H:%M} UTC is "
            "still right."
        )
    return RefreshResult(
        message=message,
        version=done.version,
        changed=done.changed,
        computed_at=done.computed_at,
        received=shortest.received,
        completed=shortest.completed,
        hires=shortest.hires,
        open=shortest.open,
        definitions=definitions.VERSION,
        seconds=round(seconds, 2),
    )
