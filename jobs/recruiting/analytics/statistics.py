"""Numbers that say how much stands behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Below this a figure is shown, but marked: one more case would change it.
FEW = 5


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle and the 90th percentile of `n` values; None where there are none."""

    n: int
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Rate:
    """`numerator` of `denominator`."""

    numerator: int
    denominator: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of `values`."""
    ordered = sorted(values)
    return Spread(len(ordered), percentile(ordered, 0.5), percentile(ordered, 0.9))


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of `ordered` lies, interpolated between neighbours."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
