"""The history strip: one bar a run, its height the duration, its colour and form the outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from app.views import RunView
from console.wording import duration

SLOTS = 60
PITCH = 5
HEIGHT = 28
SHORTEST = 5
# These ran no code: they stand as a small hollow mark on the base line.
WITHOUT_BAR = frozenset({"skipped", "missed", "expired", "cancelled", "scheduled", "queued"})


@dataclass(frozen=True)
class Bar:
    """`form` is bar, hollow, or capped: a head tells failure to whoever sees no colour."""

    x: int
    y: int
    height: int
    form: str
    status: str
    run_id: str
    title: str


@dataclass(frozen=True)
class Strip:
    bars: tuple[Bar, ...]
    summary: str
    width: int = SLOTS * PITCH
    height: int = HEIGHT


@dataclass(frozen=True)
class Outline:
    """All bars of one outcome and form as one path: a list of strips stays light."""

    status: str
    form: str
    path: str


@dataclass(frozen=True)
class Outlines:
    shapes: tuple[Outline, ...]
    summary: str
    width: int = SLOTS * PITCH
    height: int = HEIGHT


def outlines(strip: Strip) -> Outlines:
    """Draw the same strip in few shapes, without a link behind every bar."""
    paths: dict[tuple[str, str], list[str]] = {}
    for bar in strip.bars:
        form = "hollow" if bar.form == "hollow" else "line"
        paths.setdefault((bar.status, form), []).append(_path(bar))
        if bar.form == "capped":
            head = f"M{bar.x - 0.5:g} {bar.y - 1}l2.5-3 2.5 3z"
            paths.setdefault((bar.status, "cap"), []).append(head)
    shapes = tuple(Outline(*key, "".join(parts)) for key, parts in paths.items())
    return Outlines(shapes, strip.summary)


def _path(bar: Bar) -> str:
    if bar.form == "hollow":
        return f"M{bar.x + 0.5:g} {bar.y - 0.5:g}h3v4h-3z"
    # A thick line, because that is the shortest way to write a bar.
    return f"M{bar.x + 2} {bar.y}v{bar.height}"


def draw(runs: Sequence[RunView]) -> Strip:
    """Draw the newest SLOTS of `runs` (oldest first), the newest at the right edge."""
    shown = runs[-SLOTS:]
    longest = max((run.duration_seconds or 0.0 for run in shown), default=0.0)
    first = SLOTS - len(shown)
    bars = tuple(_bar(first + slot, run, longest) for slot, run in enumerate(shown))
    return Strip(bars, _summary(shown))


def _bar(slot: int, run: RunView, longest: float) -> Bar:
    height = _height(run, longest)
    form = "capped" if run.status in ("failed", "lost", "quarantined") else "bar"
    if run.status in WITHOUT_BAR:
        form, height = "hollow", SHORTEST
    took = f" after {duration(run.duration_seconds)}" if run.duration_seconds is not None else ""
    title = f"{run.status}{took}{': ' + run.reason if run.reason else ''}"
    return Bar(slot * PITCH, HEIGHT - height, height, form, run.status, run.run_id, title)


def _height(run: RunView, longest: float) -> int:
    if run.duration_seconds is None or longest <= 0:
        return HEIGHT // 2 if run.status == "running" else SHORTEST
    # The square root keeps the short ones visible beside one that took an hour.
    return SHORTEST + round(sqrt(run.duration_seconds / longest) * (HEIGHT - SHORTEST - 3))


def _summary(runs: Sequence[RunView]) -> str:
    if not runs:
        return "no runs yet"
    counts = Counter(run.status for run in runs)
    told = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    return f"last {len(runs)}: {told}" if len(runs) > 1 else f"one run: {told.split(' ', 1)[1]}"
