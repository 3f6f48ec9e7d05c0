"""Brings the kept figures up to date, and computes those of weeks that nobody kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from app import RotaError, Skip
from jobs.recruiting.analytics import cached
from jobs.recruiting.analytics.cached import Computed, Served
from jobs.recruiting.analytics.calendar import Week, last_closed_week, last_days
from jobs.recruiting.analytics.figures import Figures
from jobs.recruiting.analytics.loading import load_applications, load_openings, one_moment
from jobs.recruiting.analytics.measuring import measure
from jobs.recruiting.analytics.watermark import watermark
from jobs.recruiting.leasing import leased

PERIODS = (90, 365)
# The week of a report, and the eight before it that it is held against.
TRAILING_WEEKS = 8
LEASE = timedelta(minutes=12)
NAME = "analytics"


@dataclass(frozen=True)
class Refreshed:
    """What came of a refresh. `changed` tells whether there is a new version."""

    version: int
    changed: bool
    figures: Computed
    computed_at: datetime


def refresh(engine: Engine, now: datetime, zone: ZoneInfo, owner: str) -> Refreshed:
    """Compute the figures as of `now` and serve them, unless the served ones are still right.

    They depend on the history and on the day, not on the hour: with an unchanged watermark on
    the same day nothing is computed. Raises Skip while another `owner` is at it. When it fails,
    the reason is kept beside the figures that stay in place.
    """
    with leased(engine, NAME, owner, LEASE, now, "the analytics cache") as lease:
        try:
            return _refresh(engine, now, zone, lease.token)
        except Skip:
            raise
        except Exception as error:
            # Where the database is away, there is no place to note it: the run tells.
            with suppress(RotaError):
                cached.note_failure(engine, f"{type(error).__name__}: {error}", now)
            raise


def _refresh(engine: Engine, now: datetime, zone: ZoneInfo, token: str) -> Refreshed:
    before = cached.served(engine)
    day = now.astimezone(zone).date().isoformat()
    with one_moment(engine) as connection:
        mark = watermark(connection, now)
        if before and before.watermark == mark and _made_for(before.figures, day, zone):
            figures = None
        else:
            figures = compute(connection, now, zone)
    if before and figures is None:
        cached.confirm(engine, now)
        return Refreshed(before.version, False, before.figures, before.computed_at)
    if figures is None:
        raise LookupError("nothing is served and nothing was computed")
    version = cached.store(engine, figures, mark, now, now, token)
    return Refreshed(version, True, figures, now)


def _made_for(figures: Computed, day: str, zone: ZoneInfo) -> bool:
    return (figures.day, figures.time_zone) == (day, zone.key)


def compute(connection: Connection, now: datetime, zone: ZoneInfo) -> Computed:
    """Compute all periods and the closed weeks that a report needs, in one pass."""
    newest = last_closed_week(now, zone)
    weeks = [newest.back(n) for n in range(TRAILING_WEEKS + 1)]
    windows = [last_days(days, now, zone) for days in PERIODS]
    windows += [week.window(zone) for week in weeks]
    found = measure(load_applications(connection), load_openings(connection), windows, zone)
    return Computed(
        day=now.astimezone(zone).date().isoformat(),
        time_zone=zone.key,
        periods=dict(zip(PERIODS, found, strict=False)),
        weeks={w.name: f for w, f in zip(weeks, found[len(PERIODS) :], strict=True)},
    )


def figures_of_weeks(
    engine: Engine, weeks: list[Week], now: datetime, zone: ZoneInfo
) -> Mapping[str, Figures]:
    """Return the figures of `weeks` by name: from the cache if it holds them and the history has
    not changed since, else computed."""
    names = [week.name for week in weeks]
    kept = cached.served(engine)
    with one_moment(engine) as connection:
        if kept and _covers(kept, names, zone) and kept.watermark == watermark(connection, now):
            return {name: kept.figures.weeks[name] for name in names}
        windows = [week.window(zone) for week in weeks]
        applications, openings = load_applications(connection), load_openings(connection)
        return dict(zip(names, measure(applications, openings, windows, zone), strict=True))


def _covers(kept: Served, names: list[str], zone: ZoneInfo) -> bool:
    return kept.figures.time_zone == zone.key and set(names) <= set(kept.figures.weeks)
