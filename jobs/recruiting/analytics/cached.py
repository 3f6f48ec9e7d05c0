"""Keeps the newest figures: computed aside, then put in place by one change of a pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from app import Skip, reading, writing
from jobs.recruiting.analytics import definitions
from jobs.recruiting.analytics.figures import Figures, from_json, to_json
from jobs.recruiting.schema import analytics_pointers, analytics_versions, work_leases

POINTER = "recruiting"
KEPT = 50


@dataclass(frozen=True)
class Computed:
    """Figures by period (in days) and by closed week, for a `day` of a time zone."""

    day: str
    time_zone: str
    periods: Mapping[int, Figures]
    weeks: Mapping[str, Figures]


@dataclass(frozen=True)
class Served:
    """The figures that count now. They were true at `as_of` and last known to be right at
    `confirmed_at`; `failure` tells of a later refresh that did not come through."""

    version: int
    definitions: int
    as_of: datetime
    computed_at: datetime
    confirmed_at: datetime
    watermark: str
    figures: Computed
    failed_at: datetime | None = None
    failure: str | None = None

    def age(self, now: datetime) -> timedelta:
        return max(now - self.confirmed_at, timedelta())


def served(engine: Engine) -> Served | None:
    """Return the current figures by these definitions, however old; None before the first."""
    query = select(analytics_versions, analytics_pointers).join(
        analytics_versions, analytics_versions.c.version == analytics_pointers.c.version
    )
    with reading(engine) as connection:
        row = connection.execute(query.where(analytics_pointers.c.name == POINTER)).first()
    if row is None or row.definitions != definitions.VERSION:
        return None
    return Served(
        version=row.version,
        definitions=row.definitions,
        as_of=row.as_of,
        computed_at=row.computed_at,
        confirmed_at=row.confirmed_at,
        watermark=row.watermark,
        figures=_computed(row.figures),
        failed_at=row.failed_at,
        failure=row.failure,
    )


def store(
    engine: Engine, computed: Computed, watermark: str, as_of: datetime, now: datetime, token: str
) -> int:
    """Write a new version and serve it from now on, in one transaction; return its number.

    Raises Skip when the lease with `token` was taken over meanwhile.
    """
    values = {
        "definitions": definitions.VERSION,
        "as_of": as_of,
        "computed_at": now,
        "watermark": watermark,
        "figures": _stored(computed),
    }
    with writing(engine) as connection:
        _check(connection, token)
        made = insert(analytics_versions).values(values).returning(analytics_versions.c.version)
        version: int = connection.execute(made).scalar_one()
        _point(connection, {"version": version, "confirmed_at": now} | NO_FAILURE)
        _forget(connection, version)
    return version


NO_FAILURE: dict[str, Any] = {"failed_at": None, "failure": None}


def confirm(engine: Engine, now: datetime) -> None:
    """Note that the served figures are still right."""
    with writing(engine) as connection:
        _point(connection, {"confirmed_at": now} | NO_FAILURE)


def note_failure(engine: Engine, failure: str, now: datetime) -> None:
    """Note that a refresh failed; what is served stays."""
    with writing(engine) as connection:
        _point(connection, {"failed_at": now, "failure": failure[:500]})


def _check(connection: Connection, token: str) -> None:
    held = select(func.count()).where(work_leases.c.token == token)
    if not connection.execute(held).scalar_one():
        raise Skip("another run took over the analytics; this one wrote nothing")


def _point(connection: Connection, values: Mapping[str, Any]) -> None:
    of_pointer = update(analytics_pointers).where(analytics_pointers.c.name == POINTER)
    if not connection.execute(of_pointer.values(values)).rowcount:
        connection.execute(insert(analytics_pointers).values(name=POINTER, **values))


def _forget(connection: Connection, version: int) -> None:
    connection.execute(
        delete(analytics_versions).where(analytics_versions.c.version <= version - KEPT)
    )


def _stored(computed: Computed) -> Any:
    return {
        "day": computed.day,
        "time_zone": computed.time_zone,
        "periods": {str(days): to_json(f) for days, f in computed.periods.items()},
        "weeks": {name: to_json(f) for name, f in computed.weeks.items()},
    }


def _computed(stored: Any) -> Computed:
    return Computed(
        day=stored["day"],
        time_zone=stored["time_zone"],
        periods={int(days): from_json(f) for days, f in stored["periods"].items()},
        weeks={name: from_json(f) for name, f in stored["weeks"].items()},
    )
