"""What a task declares about its runs: retry, overlap, misfire."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from app.errors import DefinitionError
from app.schedules import ScheduleError, parse_duration

OVERLAP = ("skip", "allow", "buffer_one", "cancel_other")
MISFIRE = ("latest", "all", "skip")

# One run at a time may be late by this much before its fire time counts as misfired.
LATE_AFTER_SECONDS = 15
# How many late fire times `all` makes good, and how many missed ones get a row of their own.
MISFIRE_CAP = 100


@dataclass(frozen=True)
class Retry:
    """Try a failed run again up to `max` times.

    `backoff` is a first and a longest delay, `"1m..1h"`, doubling in between, or one fixed delay.
    The delay is spread by up to a quarter, so that failures of one cause do not return together.
    """

    max: int
    backoff: str = "30s..1h"

    def __post_init__(self) -> None:
        given: object = self.max
        whole = isinstance(given, int) and not isinstance(given, bool)
        if not whole or not 0 <= self.max <= 100:
            raise DefinitionError(f"Retry({self.max!r}): retries are a number from 0 to 100.")
        if not isinstance(self.backoff, str):
            raise DefinitionError(f"Retry backoff {self.backoff!r}: write it as text, like 1m..1h.")
        try:
            first, last = self.bounds
        except ScheduleError as error:
            raise DefinitionError(f"Retry backoff {self.backoff!r}: {error}") from error
        if first > last:
            raise DefinitionError(
                f"Retry backoff {self.backoff!r}: the first delay is longer than the last."
            )

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the longest delay in seconds."""
        first, dots, last = self.backoff.partition("..")
        return parse_duration(first), parse_duration(last if dots else first)

    def delay(self, retry: int) -> float:
        """Return the seconds to wait before retry number `retry`, from 1."""
        first, longest = self.bounds
        whole = min(first * (1 << min(retry - 1, 40)), longest)
        return whole * random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, guards nothing

    def to_json(self) -> dict[str, Any]:
        first, longest = self.bounds
        return {"max": self.max, "first_delay_seconds": first, "longest_delay_seconds": longest}


def checked_choice(kind: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is allowed. Raises DefinitionError that lists what is."""
    if value not in allowed:
        raise DefinitionError(f"{kind}={value!r} is not known: use {', '.join(allowed)}.")
    return value
