"""IANA time zones as stretches of constant offset from UTC.

Zone data comes from the pinned `tzdata` wheel, never from the machine, so that two hosts with
the same requirements agree on every fire time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

from .errors import ScheduleError

TZDATA_VERSION = version("tzdata")
SECOND = timedelta(seconds=1)
STEP = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch [start, end) in naive UTC with one offset, cut at the turn of each year.

    The wall clock shows [wall_start, wall_end). Where the neighbours' walls do not meet these,
    there is a gap (`previous_wall_end` < `wall_start`) or a repeated hour (the other way round).
    """

    start: datetime
    end: datetime
    offset: timedelta
    wall_start: datetime
    wall_end: datetime
    previous_wall_end: datetime
    next_wall_start: datetime


@cache
def zone_names() -> frozenset[str]:
    """Return every IANA zone name there is data for."""
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone of that name from the pinned data; ScheduleError names a close match."""
    if name not in zone_names():
        raise ScheduleError(f"unknown time zone {name!r}; {_suggestion(name)}")
    with files("tzdata.zoneinfo").joinpath(*name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def check_zone(name: object) -> None:
    """Raise ScheduleError unless `name` is a known zone or None (the application's default)."""
    if name is None:
        return
    if not isinstance(name, str):
        raise ScheduleError(
            f"timezone must be an IANA name such as 'Europe/London' or None, not {name!r}"
        )
    zone(name)


def _suggestion(name: str) -> str:
    allowed = "allowed is an IANA name such as 'Europe/London', 'America/New_York' or 'UTC'"
    wanted = name[:64].strip().replace(" ", "_").lower()
    by_lower = {known.lower(): known for known in sorted(zone_names())}
    by_city = {key.rsplit("/", 1)[-1]: known for key, known in by_lower.items() if "/" in key}
    candidates = by_lower | {city: name for city, name in by_city.items() if city not in by_lower}
    close = get_close_matches(wanted, candidates, n=1, cutoff=0.75)
    return f"did you mean {candidates[close[0]]!r}? {allowed}" if close else allowed


def periods_from(name: str, instant: datetime) -> Iterator[Period]:
    """Yield the period that holds `instant` (naive UTC), then those after it, without end."""
    year = instant.year
    while True:
        for period in _periods(name, year):
            if period.end > instant:
                yield period
        year += 1


def periods_back_from(name: str, instant: datetime) -> Iterator[Period]:
    """Yield the period that holds `instant` (naive UTC), then those before it, without end."""
    year = instant.year
    while True:
        for period in reversed(_periods(name, year)):
            if period.start <= instant:
                yield period
        year -= 1


def period_at(name: str, instant: datetime) -> Period:
    """Return the period that holds `instant` (naive UTC)."""
    return next(periods_from(name, instant))


@lru_cache(maxsize=4096)
def _periods(name: str, year: int) -> tuple[Period, ...]:
    first, last = new_year(year), new_year(year + 1)
    edges = [first, *_changes(name, first, last), last]
    return tuple(_period(name, a, b) for a, b in pairwise(edges))


def _period(name: str, start: datetime, end: datetime) -> Period:
    offset = _offset(name, start)
    return Period(
        start=start,
        end=end,
        offset=offset,
        wall_start=start + offset,
        wall_end=end + offset,
        previous_wall_end=start + _offset(name, start - SECOND),
        next_wall_start=end + _offset(name, end),
    )


def _changes(name: str, first: datetime, last: datetime) -> list[datetime]:
    """Find the instants in [first, last) at which the offset changes.

    Samples, then bisects: the shortest stretch of constant offset since 1900 in the database
    (2026.6) lasts a week less an hour, so steps of five days miss none.
    """
    samples = [first + n * STEP for n in range((last - first) // STEP + 1)] + [last]
    changes = (
        _change_between(name, low, high)
        for low, high in pairwise(samples)
        if _offset(name, low) != _offset(name, high)
    )
    return [change for change in changes if change < last]


def _change_between(name: str, low: datetime, high: datetime) -> datetime:
    before = _offset(name, low)
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        if _offset(name, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(name: str, instant: datetime) -> timedelta:
    return instant.replace(tzinfo=UTC).astimezone(zone(name)).replace(tzinfo=None) - instant


def new_year(year: int) -> datetime:
    """Return the first second of a year, without a zone."""
    return datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None)
