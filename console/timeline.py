"""The geometry of the Today page's time line: positions in percent, so that any width fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.reads.time_line import Lane, Today
from app.views import RunView, TaskView
from console.wording import clock, day_and_time, duration, plural

# Runs closer than this share one mark: about 6 px at a desktop's width.
CELL = timedelta(minutes=10)
LABEL_EVERY_HOURS = 3
# In percent: what is less than this is hidden by the mark itself.
NARROW = 0.3
# Worst first: a shared mark shows what most needs to be seen.
BY_GRAVITY = (
    "failed", "lost", "quarantined", "running", "missed", "expired", "skipped", "stopped",
    "cancelled", "queued", "scheduled", "succeeded",
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """One run, or several close together: `x` and `width` in percent."""

    x: str
    width: str
    status: str
    title: str
    run_id: str
    task_id: str
    count: int

    @property
    def wide(self) -> bool:
        """Tell whether it lasted so long that its width can be seen."""
        return float(self.width.rstrip("%")) > NARROW


@dataclass(frozen=True)
class Tick:
    x: str
    title: str


@dataclass(frozen=True)
class Band:
    """Where so much happens that only this much is drawn: `x` and `width` in percent."""

    x: str
    width: str
    title: str


@dataclass(frozen=True)
class Outline:
    """Many marks as one path; `form` is the class of a status, or `coming`."""

    form: str
    path: str
    title: str


@dataclass(frozen=True)
class Row:
    """A task's lane; `crowded` stands for runs, `endless` for fire times beyond what is drawn.

    In a crowd `outlines` stand for the marks and ticks that are not drawn one by one.
    """

    task: TaskView
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    summary: str
    next_at: datetime | None
    crowded: Band | None = None
    endless: Band | None = None
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True)
class Hour:
    """A line across all rows; `major` ones keep their label on narrow screens."""

    x: str
    label: str
    anchor: str
    major: bool
    midnight: bool


@dataclass(frozen=True)
class Timeline:
    now_x: str
    now_label: str
    hours: tuple[Hour, ...]
    rows: tuple[Row, ...]
    deploys: tuple[Tick, ...] = ()


def draw(today: Today, zone: ZoneInfo) -> Timeline:
    """Lay the lanes out between `today.start` and `today.end`, with clocks of `zone`."""
    scale = _Scale(today.start, today.end)
    rows = tuple(_row(lane, today, scale, zone) for lane in today.lanes)
    deploys = tuple(
        Tick(scale.x(at), f"deployed {day_and_time(at, zone, today.now)}") for at in today.releases
    )
    return Timeline(
        scale.x(today.now), clock(today.now, zone)[:5], _hours(scale, zone), rows, deploys
    )


@dataclass(frozen=True)
class _Scale:
    start: datetime
    end: datetime

    def percent(self, instant: datetime) -> float:
        share = (instant - self.start) / (self.end - self.start)
        return min(100.0, max(0.0, share * 100))

    def x(self, instant: datetime) -> str:
        return f"{self.percent(instant):.3f}%"

    def band(self, start: datetime, end: datetime, title: str) -> Band:
        width = self.percent(end) - self.percent(start)
        return Band(self.x(start), f"{width:.3f}%", title)

    def cell(self, instant: datetime) -> int:
        return (instant - self.start) // CELL


def _row(lane: Lane, today: Today, scale: _Scale, zone: ZoneInfo) -> Row:
    return Row(
        lane.task,
        _marks(lane.runs, today, scale, zone),
        _ticks(lane.coming, scale, zone),
        _summary(lane, today, zone),
        min(lane.coming, default=None),
        _crowded(lane, scale, zone),
        _endless(lane, scale, zone),
    )


def _crowded(lane: Lane, scale: _Scale, zone: ZoneInfo) -> Band | None:
    if lane.crowded is None or lane.crowded <= scale.start:
        return None
    title = f"runs before {clock(lane.crowded, zone)} are too many to be drawn one by one"
    return scale.band(scale.start, lane.crowded, title)


def _endless(lane: Lane, scale: _Scale, zone: ZoneInfo) -> Band | None:
    if lane.endless is None:
        return None
    schedule = lane.task.schedule
    title = f"goes on after {clock(lane.endless, zone)}: {schedule.text if schedule else ''}"
    return scale.band(lane.endless, scale.end, title)


def _marks(
    runs: Sequence[RunView], today: Today, scale: _Scale, zone: ZoneInfo
) -> tuple[Mark, ...]:
    cells: dict[int, list[RunView]] = {}
    for run in runs:
        cells.setdefault(scale.cell(_begin(run)), []).append(run)
    return tuple(_mark(cells[cell], today, scale, zone) for cell in sorted(cells))


def _mark(runs: list[RunView], today: Today, scale: _Scale, zone: ZoneInfo) -> Mark:
    worst = min(runs, key=lambda run: _gravity(run.status))
    begin = scale.percent(_begin(worst))
    end = scale.percent(worst.ended_at or today.now) if worst.started_at else begin
    title = _tell(worst, zone, today.now)
    if len(runs) > 1:
        title = f"{plural(len(runs), 'run')}, among them {title}"
    width = f"{max(0.0, end - begin):.3f}%"
    return Mark(f"{begin:.3f}%", width, worst.status, title, worst.run_id, worst.task_id, len(runs))


def _tell(run: RunView, zone: ZoneInfo, now: datetime) -> str:
    took = f" after {duration(run.duration_seconds)}" if run.duration_seconds is not None else ""
    reason = f": {run.reason}" if run.reason else ""
    return f"{day_and_time(_begin(run), zone, now)}, {run.status}{took}{reason}"


def _ticks(coming: Sequence[datetime], scale: _Scale, zone: ZoneInfo) -> tuple[Tick, ...]:
    cells: dict[int, list[datetime]] = {}
    for instant in coming:
        cells.setdefault(scale.cell(instant), []).append(instant)
    return tuple(_tick(cells[cell], scale, zone) for cell in sorted(cells))


def _tick(instants: list[datetime], scale: _Scale, zone: ZoneInfo) -> Tick:
    first = min(instants)
    more = f" and {len(instants) - 1} more within 10 min" if len(instants) > 1 else ""
    return Tick(scale.x(first), f"fires {clock(first, zone)}{more}")


def _summary(lane: Lane, today: Today, zone: ZoneInfo) -> str:
    counts = Counter(run.status for run in lane.runs)
    past = ", ".join(f"{counts[s]} {s}" for s in BY_GRAVITY if s in counts) or "no runs"
    if lane.crowded:
        past = f"more than {len(lane.runs)} runs, the newest {past}"
    coming = f"next {clock(min(lane.coming), zone)}" if lane.coming else "none coming"
    return f"{lane.task.name}, past 12 hours: {past}; coming 12 hours: {coming}"


def _hours(scale: _Scale, zone: ZoneInfo) -> tuple[Hour, ...]:
    hours = []
    whole = scale.start.replace(minute=0, second=0, microsecond=0)
    # By quarters of an hour: some zones are not whole hours away from UTC.
    for quarter in range(1, int((scale.end - whole) / timedelta(minutes=15)) + 1):
        instant = whole + timedelta(minutes=15 * quarter)
        local = instant.astimezone(zone)
        if local.minute or local.hour % LABEL_EVERY_HOURS or not 1 < scale.percent(instant) < 99:
            continue
        label = f"{local:%a} {local.day}" if local.hour == 0 else f"{local:%H:%M}"
        major = local.hour % 6 == 0
        hours.append(
            Hour(
                scale.x(instant),
                label,
                _anchor(scale.percent(instant), major),
                major,
                not local.hour,
            )
        )
    return tuple(hours)


def _anchor(percent: float, major: bool) -> str:
    """Keep a label at the edge from being cut off; phones, where that is soon, show only major."""
    edge = 8 if major else 3
    if percent < edge:
        return "start"
    return "end" if percent > 100 - edge else "middle"


def _begin(run: RunView) -> datetime:
    return run.started_at or run.fire_time or run.at


def _gravity(status: str) -> int:
    return BY_GRAVITY.index(status) if status in BY_GRAVITY else 0
