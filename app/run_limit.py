"""How many runs of a task may go on at once, and how many may start within a span of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.errors import DefinitionError
from app.schedules import ScheduleError, parse_duration

MOST_CONCURRENT = 10_000
# Every start of the span is remembered.
MOST_STARTS = 10_000
LONGEST_SPAN = 24 * 3600


@dataclass(frozen=True)
class RunLimit:
    """Over all workers; None stands for no limit."""

    max_concurrent: int | None = None
    starts: int | None = None
    within_seconds: int | None = None

    @classmethod
    def declared(cls, max_concurrent: int | None, rate_limit: str | None) -> RunLimit:
        """Return the limit that a task declares. Raises DefinitionError."""
        given: object = max_concurrent
        if given is not None and (
            not isinstance(given, int)
            or isinstance(given, bool)
            or not 1 <= given <= MOST_CONCURRENT
        ):
            raise DefinitionError(f"max_concurrent={given!r}: use 1 to {MOST_CONCURRENT:,}.")
        if rate_limit is None:
            return cls(max_concurrent)
        return cls(max_concurrent, *_rate(rate_limit))

    def triple(self) -> list[int]:
        """Return what the scripts take: at once, starts, within seconds; 0 is no limit."""
        return [self.max_concurrent or 0, self.starts or 0, self.within_seconds or 0]

    def to_json(self) -> dict[str, Any] | None:
        """Return the limit as people are told it, None where there is none."""
        return vars(self).copy() if any(self.triple()) else None


def _rate(text: object) -> tuple[int, int]:
    if not isinstance(text, str):
        raise DefinitionError(f'rate_limit={text!r}: write it as text, such as "100/1m".')
    count, slash, span = text.partition("/")
    try:
        # "100/m" is how others write "100/1m".
        seconds = parse_duration(f"1{span.strip()}" if span.strip().isalpha() else span)
    except ScheduleError as error:
        raise DefinitionError(f"rate_limit={text!r}: {error}.") from error
    whole = count.strip()
    if not slash or not whole.isdecimal() or not 1 <= int(whole[:9]) <= MOST_STARTS:
        raise DefinitionError(
            f'rate_limit={text!r}: write 1 to {MOST_STARTS:,} starts in a span, such as "100/1m".'
        )
    if not 1 <= seconds <= LONGEST_SPAN:
        raise DefinitionError(f"rate_limit={text!r}: the span is 1 second to 24 hours.")
    return int(whole), seconds
