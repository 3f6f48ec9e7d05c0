"""A cron expression against the wall clock, without any time zone.

cronsim parses the checked fields and finds the next or previous matching wall time. Own code
stands here for what cronsim 2.8 lacks or does otherwise: `nW` (nearest weekday), names before
`L` (`friL`), nicknames, positions in errors, and the refusal of text that other crons read
differently. Its daylight-saving rule is not used: it decides by a leading `*` in the minute or
hour field, leaves six fields out, and loses `*/15 2 * * *` on the day of a gap.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Self

from cronsim import CronSim, CronSimError
from cronsim.cronsim import Field as CronSimField

from .durations import LONGEST_TEXT
from .errors import ScheduleError
from .fields import FIELDS, Part
from .zones import new_year

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
SHAPE = (
    "allowed are five fields (minute hour day-of-month month day-of-week), six with seconds "
    f"first, or one of {', '.join(NICKNAMES)}"
)
# Within 28 years of 2000 every kind of year (leap or not, first day Monday to Sunday) occurs.
_EVERY_KIND_OF_YEAR = new_year(2000)


class WallTimes(CronSim):
    """The wall times that match an expression; safe to share between threads."""

    def __init__(self, terms: list[list[str]]) -> None:
        days = terms[3]
        plain = [day for day in days if not _is_nearest(day)]
        fields = [",".join(field) for field in terms]
        fields[3] = fields[3] if plain == days else "*"
        super().__init__(" ".join(fields), _EVERY_KIND_OF_YEAR)
        self.nearest = frozenset(int(day[:-1]) for day in days if _is_nearest(day))
        if self.nearest:
            self.days = _parse_days(plain)
            self.day_and = fields[5].startswith("*") or days[0].startswith("*")
        self.every_hour = len(self.hours) == 24
        self._share_sets()

    def _share_sets(self) -> None:
        # Ten thousand schedules hold few different sets: 2 KB instead of 5 KB each.
        self.seconds, self.minutes = _shared(self.seconds), _shared(self.minutes)
        self.hours, self.days = _shared(self.hours), _shared(self.days)
        self.months = _shared(self.months)

    def first_from(self, wall: datetime) -> datetime | None:
        """Return the first match at or after `wall`, None if there is none within 50 years."""
        search = self._search(wall, direction=1)
        try:
            search.advance()
        except StopIteration:
            return None
        return search.dt

    def last_until(self, wall: datetime) -> datetime | None:
        """Return the last match at or before `wall`, None if there is none within 50 years."""
        search = self._search(wall, direction=-1)
        try:
            search.reverse()
        except StopIteration:
            return None
        return search.dt

    def _search(self, wall: datetime, direction: int) -> Self:
        # cronsim searches by moving its own `dt`: each search gets a shallow copy to move.
        search = object.__new__(type(self))
        search.__dict__.update(self.__dict__)
        search.dt = wall
        search.tick_direction = direction
        return search

    def match_dom(self, d: date) -> bool:
        """Return whether the day of the month matches, by number, L, LW or nW."""
        return super().match_dom(d) or (bool(self.nearest) and d.day in self._nearest_days(d))

    def _nearest_days(self, d: date) -> set[int]:
        last = calendar.monthrange(d.year, d.month)[1]
        return {_nearest_weekday(d.replace(day=n), last) for n in self.nearest if n <= last}


def _nearest_weekday(d: date, last: int) -> int:
    """Return the day of the weekday nearest to `d`, never leaving the month (Quartz's rule)."""
    if d.weekday() == calendar.SATURDAY:
        return d.day - 1 if d.day > 1 else d.day + 2
    if d.weekday() == calendar.SUNDAY:
        return d.day + 1 if d.day < last else d.day - 2
    return d.day


def _is_nearest(term: str) -> bool:
    return re.fullmatch(r"[0-9]+W", term) is not None


def _parse_days(plain: list[str]) -> set[int]:
    items = CronSimField.DAY.parse(",".join(plain)) if plain else set()
    return {item for item in items if isinstance(item, int)}


def _shared(values: set[int]) -> set[int]:
    return _one_of_each(frozenset(values))


@lru_cache(maxsize=4096)
def _one_of_each(values: frozenset[int]) -> set[int]:
    return set(values)


@lru_cache(maxsize=4096)
def wall_times(expression: str) -> WallTimes:
    """Compile an expression; ScheduleError says what is wrong, where, and what is allowed."""
    parts = _split(expression)
    never = ScheduleError(
        f"{expression!r} can never match: no date within 50 years fits its day of month, month "
        "and day of week; allowed is any expression that some date fits"
    )
    try:
        compiled = WallTimes([part.terms() for part in parts])
    except CronSimError as error:
        raise never from error
    if compiled.first_from(_EVERY_KIND_OF_YEAR) is None:
        raise never
    return compiled


def _split(expression: str) -> list[Part]:
    if not isinstance(expression, str):
        raise ScheduleError(f"a cron expression is text, not {expression!r}; {SHAPE}")
    if len(expression) > LONGEST_TEXT:
        raise ScheduleError(
            f"the expression is {len(expression)} characters long; allowed are {LONGEST_TEXT}"
        )
    if expression.lstrip().upper().startswith(("CRON_TZ=", "TZ=")):
        raise ScheduleError(
            "the expression starts with a time zone at position 1; pass it as timezone= or use "
            f"parse_schedule; {SHAPE}"
        )
    if expression.lstrip().startswith("@"):
        expression = _nickname(expression.strip())
    words = list(re.finditer(r"\S+", expression))
    if len(words) not in (5, 6):
        raise ScheduleError(_wrong_count(expression, len(words)))
    parts = [
        Part(field, word.group(), word.start() + 1)
        for field, word in zip(FIELDS[-len(words) :], words, strict=True)
    ]
    return parts if len(parts) == 6 else [Part(FIELDS[0], "0", 1), *parts]


def _nickname(text: str) -> str:
    name = text.lower()
    if name in NICKNAMES:
        return NICKNAMES[name]
    if name == "@reboot":
        raise ScheduleError(f"@reboot has no fire time: there is no machine to boot; {SHAPE}")
    if name.startswith("@every"):
        duration = text[len("@every") :].strip() or "5m"
        raise ScheduleError(
            f"{text!r} is an interval, not a cron expression; use every({duration!r}); {SHAPE}"
        )
    close = get_close_matches(name, NICKNAMES, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise ScheduleError(f"unknown nickname {text!r} at position 1{hint}; {SHAPE}")


def _wrong_count(expression: str, count: int) -> str:
    if count == 0:
        return f"the expression is empty; {SHAPE}"
    year = " (a year field is not supported)" if count == 7 else ""
    return f"{expression!r} has {count} field{'s' * (count != 1)}{year}; {SHAPE}"
