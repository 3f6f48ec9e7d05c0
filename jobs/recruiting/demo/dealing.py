"""Values dealt like cards, not drawn like lots: stated rates hold at any size, up to rounding."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import timedelta
from math import exp
from random import Random
from statistics import NormalDist
from typing import TypeVar

Value = TypeVar("Value", bound=Hashable)
NORMAL = NormalDist()


def deal(rates: Mapping[Value, float], count: int) -> list[Value]:
    """Return `count` values in the proportions of `rates`, by largest remainder."""
    exact = {value: rate * count for value, rate in rates.items()}
    whole = {value: int(share) for value, share in exact.items()}
    left = count - sum(whole.values())
    by_remainder = sorted(exact, key=lambda value: whole[value] - exact[value])
    for value in by_remainder[:left]:
        whole[value] += 1
    return [value for value, number in whole.items() for _ in range(number)]


class Dealer:
    """Deals one value after the other, each by rates of its own, so that the totals hold."""

    def __init__(self) -> None:
        self.owed: dict[str, float] = {}

    def next(self, rates: Mapping[str, float]) -> str:
        """Return the value that is owed most."""
        for value, rate in rates.items():
            self.owed[value] = self.owed.get(value, 0.0) + rate
        most = max(rates, key=lambda value: self.owed[value])
        self.owed[most] -= 1
        return most


def spans(median_days: float, sigma: float, count: int, random: Random) -> list[timedelta]:
    """Return `count` log-normal time spans around a median, in random order."""
    found = [
        timedelta(days=median_days * exp(sigma * NORMAL.inv_cdf((n + 0.5) / count)))
        for n in range(count)
    ]
    random.shuffle(found)
    return found
