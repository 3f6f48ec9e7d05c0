"""Percentiles of what was measured, by the nearest rank: always a value that really occurred."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the percentile `share` (0 to 100) of sorted values, None where there are none."""
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)]
