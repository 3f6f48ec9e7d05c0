"""The heat map of a week: which cell holds how much, how dark it is, and where it leads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.reads.shapes import WeekCell, WeekView
from console.wording import clock, plural

# Shades of one colour; the number says the same.
SHADES = 4


@dataclass(frozen=True)
class Cell:
    """`shade` is 0 (nothing) to SHADES; `q` is the search that finds the runs."""

    number: int
    bad: int
    shade: int
    q: str
    deploys: str = ""

    @property
    def told(self) -> str:
        return plural(self.number, "run") + (f", {self.bad} went wrong" if self.bad else "")


@dataclass(frozen=True)
class Row:
    label: str
    task_id: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Heat:
    """`days` are the columns, each with its label and the search of it."""

    days: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    total: int
    bad: int


def draw(week: WeekView, zone: ZoneInfo, by: str, task_id: str = "") -> Heat:
    """Lay a week out: a row an hour, or a row a task; of one task where it is named."""
    first = week.start.astimezone(zone).date()
    days = [first + timedelta(days=number) for number in range(7)]
    cells = week.cells
    extra = f" task:{task_id}" if task_id else ""
    deploys = week.releases if by == "hour" else ()
    if by == "task":
        keys = [(name, name, _of_task(name)) for name in week.task_ids]
    else:
        keys = [(f"{hour:02}", "", _of_hour(hour, zone, extra)) for hour in range(24)]
    sums = _sums(cells, zone, by)
    most = max((good for good, _ in sums.values()), default=0)
    rows = tuple(
        Row(
            label,
            name,
            tuple(_cell(sums, (label, day), most, query, deploys, zone) for day in days),
        )
        for label, name, query in keys
    )
    heads = tuple((f"{day:%a} {day.day}", f"at:{day}{extra}") for day in days)
    whole = week.whole or cells
    return Heat(heads, rows, sum(c.number for c in whole), sum(c.number for c in whole if c.bad))


def _sums(
    cells: Iterable[WeekCell], zone: ZoneInfo, by: str
) -> dict[tuple[str, date], tuple[int, int]]:
    found: dict[tuple[str, date], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for cell in cells:
        local = cell.start.astimezone(zone)
        key = (cell.task_id if by == "task" else f"{local.hour:02}", local.date())
        number, bad = found[key]
        found[key] = (number + cell.number, bad + (cell.number if cell.bad else 0))
    return found


def _cell(
    sums: dict[tuple[str, date], tuple[int, int]],
    key: tuple[str, date],
    most: int,
    query: Callable[[date], str],
    releases: Iterable[datetime],
    zone: ZoneInfo,
) -> Cell:
    number, bad = sums.get(key, (0, 0))
    shade = min(SHADES, 1 + number * SHADES // (most + 1)) if number else 0
    label, day = key
    told = [
        clock(at, zone)
        for at in releases
        if (at.astimezone(zone).date(), f"{at.astimezone(zone).hour:02}") == (day, label)
    ]
    return Cell(number, bad, shade, query(day), ", ".join(told))


def _of_task(task_id: str) -> Callable[[date], str]:
    return lambda day: f"at:{day} task:{task_id}"


def _of_hour(hour: int, zone: ZoneInfo, extra: str) -> Callable[[date], str]:
    del zone
    return lambda day: f"at:{day}T{hour:02}{extra}"
