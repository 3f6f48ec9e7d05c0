"""A run as a line of time: where it waited, and where it ran, attempt by attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.views import RunView
from console.wording import duration

# A wait so many times longer than all the rest would leave nothing else to be seen.
DWARFS = 20


@dataclass(frozen=True)
class Span:
    """`kind` is waits, or the outcome of an attempt; places in percent."""

    x: float
    width: float
    kind: str
    title: str


def spans(run: RunView, now: datetime) -> tuple[Span, ...]:
    """Return its spans in order; none where it never ran, or hardly took time at all."""
    tries = [one for one in run.attempts if one.started_at is not None]
    if not tries or tries[0].started_at is None:
        return ()
    first = tries[0].started_at
    end = max(one.ended_at or (first if run.ended else now) for one in tries)
    begin = _begin(run, first, end)
    if (end - begin).total_seconds() <= 0:
        return ()
    found, place = [], begin
    for one in tries:
        start = max(one.started_at or place, place)
        until = max(one.ended_at or end, start)
        if start > place:
            waited = duration((start - place).total_seconds())
            found.append(_span(begin, end, place, start, "waits", f"waited {waited}"))
        kind = one.outcome or "running"
        took = duration((until - start).total_seconds())
        title = f"attempt {one.attempt}: {kind} after {took}"
        found.append(_span(begin, end, start, until, kind, title))
        place = until
    return tuple(found)


def _begin(run: RunView, first: datetime, end: datetime) -> datetime:
    begin = min(run.fire_time or run.at, first)
    ran = (end - first).total_seconds()
    waited = (first - begin).total_seconds()
    if ran > 0 and waited > ran * DWARFS:
        queued = run.queued_at
        return queued if queued is not None and queued <= first else first
    return begin


def _span(
    begin: datetime, end: datetime, start: datetime, until: datetime, kind: str, title: str
) -> Span:
    whole = (end - begin).total_seconds()
    x = (start - begin).total_seconds() / whole * 100
    width = (until - start).total_seconds() / whole * 100
    return Span(round(x, 2), round(max(width, 0.4), 2), kind, title)
