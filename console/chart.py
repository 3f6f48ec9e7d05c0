"""Charts with runs or hours along the bottom: places in percent across, in pixels down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.reads.percentiles import percentile
from app.reads.shapes import QueueHistory
from app.views import RunView
from console.wording import clock, day_and_time, duration, plural

HEIGHT = 96
HEAD = 12


@dataclass(frozen=True)
class Mark:
    """One thing drawn: a glyph, or a bar of that height that stands on the base line."""

    x: str
    y: float
    title: str
    status: str = ""
    glyph: str = ""
    width: str = ""
    height: float = 0
    run_id: str = ""


@dataclass(frozen=True)
class Level:
    """A line across, with what it stands for."""

    y: float
    label: str
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """`summary` says in words what the drawing shows."""

    title: str
    summary: str
    marks: tuple[Mark, ...]
    levels: tuple[Level, ...]
    deploys: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    height: int = HEIGHT


def durations(
    runs: Sequence[RunView], releases: Sequence[datetime], zone: ZoneInfo, now: datetime
) -> Chart | None:
    """Draw how long each run took, oldest first, with the percentiles of those that succeeded."""
    shown = [run for run in runs if run.duration_seconds is not None]
    if len(shown) < 2:
        return None
    longest = max(run.duration_seconds or 0.0 for run in shown) or 1.0
    good = sorted(run.duration_seconds or 0.0 for run in shown if run.status == "succeeded")
    levels = tuple(
        Level(_y(value, longest), f"p{share} {duration(value)}", dashed=share > 50)
        for share in (50, 95)
        if (value := percentile(good, share)) is not None
    )
    told = ", ".join(level.label for level in levels) or "none succeeded"
    marks = tuple(
        _run(number, run, len(shown), longest, zone, now) for number, run in enumerate(shown)
    )
    return Chart(
        "How long it took",
        f"last {plural(len(shown), 'run')}: {told}, longest {duration(longest)}",
        marks,
        levels,
        _between(shown, releases, zone, now),
    )


def _run(
    number: int, run: RunView, count: int, longest: float, zone: ZoneInfo, now: datetime
) -> Mark:
    took = run.duration_seconds or 0.0
    title = f"{day_and_time(run.at, zone, now)}, {run.status} after {duration(took)}"
    glyph = "active" if run.status == "succeeded" else run.status
    return Mark(
        _x(number + 0.5, count), _y(took, longest), title, run.status, glyph, run_id=run.run_id
    )


def _between(
    runs: Sequence[RunView], releases: Sequence[datetime], zone: ZoneInfo, now: datetime
) -> tuple[tuple[str, str], ...]:
    """Place each deploy between the runs before and after it."""
    found = []
    for at in releases:
        before = sum(run.at < at for run in runs)
        if before:
            found.append((_x(before, len(runs)), f"deployed {day_and_time(at, zone, now)}"))
    return tuple(found)


def throughput(history: QueueHistory, zone: ZoneInfo) -> Chart:
    """Draw what ended in each hour, and of it what went wrong."""
    most = max(hour.ended for hour in history.hours) or 1
    marks = []
    for number, hour in enumerate(history.hours):
        if not hour.ended:
            continue
        told = f"{clock(hour.start, zone)}: {plural(hour.ended, 'run')}, {hour.failed} went wrong"
        height = HEIGHT - _y(hour.ended, most)
        marks.append(_bar(number, height, told, "succeeded"))
        if hour.failed:
            low = max(3.0, HEIGHT - _y(hour.failed, most))
            marks.append(_bar(number, low, told, "failed"))
            place = _x(number + 0.5, len(history.hours))
            marks.append(Mark(place, HEIGHT - height - 8, told, "failed", "failed"))
    ended, failed = (sum(getattr(h, name) for h in history.hours) for name in ("ended", "failed"))
    summary = f"past 24 hours: {plural(ended, 'run')}, {failed} went wrong; at most {most} an hour"
    return _hourly(
        "Throughput and failures", summary, marks, Level(HEAD, f"{most:,}"), history, zone
    )


def waits(history: QueueHistory, zone: ZoneInfo) -> Chart:
    """Draw how long runs waited before they started: median and 95th percentile of each hour."""
    longest = max((hour.wait_p95 or 0.0 for hour in history.hours), default=0.0) or 1.0
    marks = []
    for number, hour in enumerate(history.hours):
        if hour.wait_p50 is None or hour.wait_p95 is None:
            continue
        told = (
            f"{clock(hour.start, zone)}: half waited up to {duration(hour.wait_p50)}, "
            f"95 of 100 up to {duration(hour.wait_p95)}"
        )
        place = _x(number + 0.5, len(history.hours))
        marks.append(Mark(place, _y(hour.wait_p95, longest), told, "running", "queued"))
        marks.append(Mark(place, _y(hour.wait_p50, longest), told, "running", "active"))
    summary = f"dots are p50, circles p95; the highest p95 is {duration(longest)}"
    level = Level(HEAD, duration(longest))
    return _hourly("Wait before a start", summary, marks, level, history, zone)


def depth(history: QueueHistory, zone: ZoneInfo) -> Chart:
    """Draw what stood in the queue at the end of each hour, and how old the oldest of it was."""
    most = max(hour.depth for hour in history.hours) or 1
    marks = []
    for number, hour in enumerate(history.hours):
        if not hour.depth:
            continue
        age = duration(hour.oldest_age_seconds)
        told = (
            f"at the end of {clock(hour.start, zone)}: {hour.depth} waiting, the oldest for {age}"
        )
        marks.append(_bar(number, HEIGHT - _y(hour.depth, most), told, "queued"))
    oldest = max(hour.oldest_age_seconds or 0.0 for hour in history.hours)
    summary = (
        f"at the end of each hour; at most {most}, the oldest for {duration(oldest)}"
        if marks
        else "at the end of each hour; nothing waited at any"
    )
    return _hourly("Depth and oldest age", summary, marks, Level(HEAD, f"{most:,}"), history, zone)


def _hourly(
    title: str, summary: str, marks: list[Mark], level: Level, history: QueueHistory, zone: ZoneInfo
) -> Chart:
    count = len(history.hours)
    first = history.hours[0].start
    span = (history.hours[-1].start - first).total_seconds() * count / (count - 1)
    labels = tuple(
        (_x(number, count), clock(hour.start, zone)[:5])
        for number, hour in enumerate(history.hours)
        if hour.start.astimezone(zone).hour % 6 == 0 and 0 < number < count - 1
    )
    deploys = tuple(
        (f"{(at - first).total_seconds() / span * 100:.2f}%", f"deployed {clock(at, zone)}")
        for at in history.releases
    )
    return Chart(title, summary, tuple(marks), (level,), deploys, labels)


def _bar(number: int, height: float, title: str, status: str) -> Mark:
    return Mark(
        f"{number * 100 / 24 + 0.6:.2f}%", HEIGHT - height, title, status, width="3%", height=height
    )


def _x(number: float, count: int) -> str:
    return f"{number / count * 100:.2f}%"


def _y(value: float, most: float) -> float:
    return round(HEIGHT - value / most * (HEIGHT - HEAD), 1)
