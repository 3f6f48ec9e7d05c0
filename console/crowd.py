"""A time line with very many marks: outlines of each lane, and links where something went wrong.

Two thousand marks with a link and a title each would be a page of several hundred kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from app.reads.problems import BAD_ENDS
from console.timeline import Mark, Outline, Row, Timeline
from console.wording import plural

# Marks and fire times of all lanes together that are drawn one by one.
MOST_ONE_BY_ONE = 300
# In a crowd, of each lane: the newest that ended badly keep their own links.
MOST_LINKED = 2
# A day in steps of two minutes, about a pixel: every digit counts here.
WIDTH = 720
HEIGHT = 9


def thinned(timeline: Timeline) -> Timeline:
    """Return the time line with outlines, if it has too many marks for one by one."""
    marks = sum(len(row.marks) + len(row.ticks) for row in timeline.rows)
    if marks <= MOST_ONE_BY_ONE:
        return timeline
    return replace(timeline, rows=tuple(map(_outlined, timeline.rows)))


def _outlined(row: Row) -> Row:
    linked = [mark for mark in row.marks if mark.status in BAD_ENDS][-MOST_LINKED:]
    rest = [mark for mark in row.marks if mark not in linked]
    outlines = [_of_runs(status, rest) for status in dict.fromkeys(mark.status for mark in rest)]
    if row.ticks:
        path = "".join(_strokes((tick.x, "0%") for tick in row.ticks))
        outlines.append(Outline("coming", path, row.summary.rpartition("; ")[2]))
    return replace(row, marks=tuple(linked), ticks=(), outlines=tuple(outlines))


def _of_runs(status: str, marks: Sequence[Mark]) -> Outline:
    of_it = [mark for mark in marks if mark.status == status]
    title = f"{plural(sum(mark.count for mark in of_it), 'run')}: {status}"
    path = "".join(_strokes((mark.x, mark.width if mark.wide else "0%") for mark in of_it))
    return Outline(f"s-{status}", path, title)


def _strokes(places: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Draw an upright line at each place (x and width in percent), or as wide a box."""
    before: int | None = None
    for place, breadth in places:
        x, wide = _steps(place), _steps(breadth)
        yield f"M{x} 0" if before is None or wide else f"m{x - before}-{HEIGHT}"
        yield f"v{HEIGHT}" + (f"h{wide}v-{HEIGHT}z" if wide else "")
        before = None if wide else x


def _steps(percent: str) -> int:
    return round(float(percent.rstrip("%")) * WIDTH / 100)
