"""When things happen: people apply by season and weekday, recruiters act in working hours (UTC)."""

from __future__ import annotations

from bisect import bisect
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from jobs.recruiting.demo.rates import SEASON, WEEKDAY

YEAR = timedelta(days=364)
FIRST_HOUR, LAST_HOUR = 8, 18


class Season:
    """The year before `end`, with how many people apply on each of its days."""

    def __init__(self, end: datetime) -> None:
        self.start = (end - YEAR).replace(hour=0, minute=0)
        days = [self.start + timedelta(days=n) for n in range(YEAR.days)]
        self.weights = list(accumulate(SEASON[d.month] * WEEKDAY[d.weekday()] for d in days))

    def arrival(self, share: float, random: Random) -> datetime:
        """Return when the person applied before whom `share` (0 to 1) of the year's had."""
        day = min(bisect(self.weights, share * self.weights[-1]), YEAR.days - 1)
        return self.start + timedelta(days=day, minutes=random.randint(6 * 60, 23 * 60))

    def share_before(self, moment: datetime) -> float:
        """Return which share of the year's people had applied by `moment`."""
        day = min((moment - self.start).days, YEAR.days) - 1
        return self.weights[day] / self.weights[-1] if day >= 0 else 0.0


def working_after(moment: datetime, random: Random) -> datetime:
    """Return the first working time from `moment` on, some minutes later."""
    moment += timedelta(minutes=random.randint(1, 50))
    if moment.hour >= LAST_HOUR:
        moment = _at_hour(moment + timedelta(days=1), FIRST_HOUR)
    elif moment.hour < FIRST_HOUR:
        moment = _at_hour(moment, FIRST_HOUR)
    while moment.weekday() >= 5:
        moment = _at_hour(moment + timedelta(days=1), FIRST_HOUR)
    return moment


def working_before(moment: datetime, random: Random) -> datetime:
    """Return the last working time before `moment`, some minutes earlier."""
    moment -= timedelta(minutes=random.randint(1, 50))
    if moment.hour < FIRST_HOUR:
        moment = _at_hour(moment - timedelta(days=1), LAST_HOUR - 1)
    elif moment.hour >= LAST_HOUR:
        moment = _at_hour(moment, LAST_HOUR - 1)
    while moment.weekday() >= 5:
        moment = _at_hour(moment - timedelta(days=1), LAST_HOUR - 1)
    return moment


def _at_hour(moment: datetime, hour: int) -> datetime:
    return moment.replace(hour=hour)
