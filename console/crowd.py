"""A time line with very many marks: outlines of each lane, and links where something went wrong.

Two thousand marks with a link and a title each would be a page of several hundred kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from console.timeline import Mark, Outline, Row, Timeline
from console.wording import plural

# Marks and fire times of all lanes together that are drawn one by one.
MOST_ONE_BY_ONE = 300
# In a crowd, of each lane: the newest that did not succeed keep their own links.
MOST_LINKED = 6
# A day in minutes: finer than a pixel.
WIDTH = 1440
HEIGHT = 12


def thinned(timeline: Timeline) -> Timeline:
    """Return the time line with outlines, if it has too many marks for one by one."""
    marks = sum(len(row.marks) + len(row.ticks) for row in timeline.rows)
    if marks <= MOST_ONE_BY_ONE:
        return timeline
    return replace(timeline, rows=tuple(map(_outlined, timeline.rows)))


def _outlined(row: Row) -> Row:
    linked = [mark for mark in row.marks if mark.status != "succeeded"][-MOST_LINKED:]
    rest = [mark for mark in row.marks if mark not in linked]
    outlines = [_of_runs(status, rest) for status in dict.fromkeys(mark.status for mark in rest)]
    if row.ticks:
        starts = "".join(f"M{_minute(tick.x)} 1v10" for tick in row.ticks)
        outlines.append(Outline("coming", starts, row.summary.rpartition("; ")[2]))
    return replace(row, marks=tuple(linked), ticks=(), outlines=tuple(outlines))


def _of_runs(status: str, marks: Sequence[Mark]) -> Outline:
    of_it = [mark for mark in marks if mark.status == status]
    title = f"{plural(sum(mark.count for mark in of_it), 'run')}: {status}"
    return Outline(f"s-{status}", "".join(_strokes(of_it)), title)


def _strokes(marks: Iterable[Mark]) -> Iterable[str]:
    for mark in marks:
        # A run that took long is as long, the others as wide as the line that draws them.
        wide = round(_percent(mark.width) * WIDTH / 100) if mark.wide else 0
        yield f"M{_minute(mark.x)} 0v{HEIGHT}" + (f"h{wide}v-{HEIGHT}z" if wide else "")


def _minute(x: str) -> int:
    return round(_percent(x) * WIDTH / 100)


def _percent(text: str) -> float:
    return float(text.rstrip("%"))
