"""What holds of a task's schedules: definitions and pauses from SQL, next fire times from Redis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, select

from app.definitions import Definition, parsed
from app.reads.live import Live, ask_redis
from app.reads.together import Fields, read_together
from app.records.database import reading
from app.records.pauses import EVERYTHING
from app.records.schema import pauses, schedules, skips
from app.schedules import Cron, Interval
from app.system import System
from app.views import PauseView, ScheduleView


@dataclass(frozen=True)
class Decided:
    """`schedules` by task id; `pauses` by scope; the others by schedule id.

    `left` has only schedules that may start so many runs and no more.
    """

    schedules: Mapping[str, tuple[tuple[str, Definition, datetime | None], ...]]
    pauses: Mapping[str, PauseView]
    skips: Mapping[str, frozenset[datetime]]
    revisions: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)

    @property
    def everything(self) -> PauseView | None:
        """The pause of everything, where it holds."""
        return self.pauses.get(EVERYTHING)


def decided(system: System, now: datetime, task_id: str) -> Decided:
    """Read what holds of a task now: one query, one Redis round trip."""
    with reading(system.database) as connection:
        found = read_together(connection, *decisions(now, [task_id]))
    return combine(found, ask_redis(system, now, schedule_ids(found)), now)


def decisions(now: datetime, task_ids: Sequence[str] | None = None) -> tuple[Select[Any], ...]:
    """Return the reads of schedules, pauses and coming skips, of some tasks or of all."""
    known = select(
        schedules.c.schedule_id,
        schedules.c.task_id,
        # As text, because the definitions that were parsed are remembered by theirs.
        cast(schedules.c.definition, Text).label("definition"),
        schedules.c.revision,
        schedules.c.source,
        schedules.c.fired,
    ).where(schedules.c.retired_at.is_(None))
    holding = select(pauses).where(pauses.c.resumed_at.is_(None))
    coming = select(skips.c.schedule_id, skips.c.fire_time).where(skips.c.fire_time > now)
    if task_ids is not None:
        theirs = schedules.c.task_id.in_(task_ids)
        known = known.where(theirs)
        holding = holding.where(pauses.c.scope.in_([*task_ids, EVERYTHING]))
        coming = coming.where(
            skips.c.schedule_id.in_(select(schedules.c.schedule_id).where(theirs))
        )
    return known.order_by(schedules.c.schedule_id), holding, coming


def schedule_ids(found: Sequence[list[Fields]]) -> list[str]:
    """Return the ids of the schedules among the rows of `decisions`."""
    return [row.schedule_id for row in found[0]]


def combine(found: Sequence[list[Fields]], live: Live, now: datetime) -> Decided:
    """Lay the rows of `decisions` and what Redis says together.

    With Redis away, or before it knows a schedule, fire times come from the definitions.
    """
    known, holding, coming = found[:3]
    paused = {row.scope: pause_view(row) for row in holding}
    skipped: dict[str, set[datetime]] = {}
    for row in coming:
        skipped.setdefault(row.schedule_id, set()).add(row.fire_time)
    left: dict[str, int] = {}
    schedules_: dict[str, list[tuple[str, Definition, datetime | None]]] = {}
    for row in known:
        definition = parsed(row.definition)
        most, following = definition.schedule.max_runs, None
        if most is not None:
            left[row.schedule_id] = max(most - row.fired, 0)
        paused_now = row.task_id in paused or EVERYTHING in paused
        if not paused_now and left.get(row.schedule_id) != 0:
            following = live.nominals.get(row.schedule_id) or definition.schedule.next(now)
            while following and following in skipped.get(row.schedule_id, ()):
                following = definition.schedule.next(following)
        schedules_.setdefault(row.task_id, []).append((row.schedule_id, definition, following))
    return Decided(
        {task_id: tuple(rows) for task_id, rows in schedules_.items()},
        paused,
        {schedule_id: frozenset(times) for schedule_id, times in skipped.items()},
        {row.schedule_id: row.revision for row in known},
        {row.schedule_id: row.source for row in known},
        left,
    )


def schedule_view(
    schedule_id: str,
    definition: Definition,
    following: datetime | None,
    found: Decided,
    now: datetime,
) -> ScheduleView:
    """Turn a schedule into its view."""
    schedule, left = definition.schedule, found.left.get(schedule_id)
    view = plain_view(schedule_id, schedule, following)
    # Only an end can make a schedule fire never again, so only then is it worth the search.
    over = schedule.end is not None and schedule.next(now) is None
    text = view.text if left is None else f"{view.text}, {left or 'none'} left"
    state = "finished" if over or left == 0 else "active"
    return replace(view, text=text, runs_left=left, state=state)


def plain_view(
    schedule_id: str, schedule: Cron | Interval, following: datetime | None = None
) -> ScheduleView:
    """Turn a bare timetable into its view."""
    return ScheduleView(
        schedule_id=schedule_id,
        kind=schedule.kind,
        timezone=schedule.timezone or "UTC",
        text=schedule.describe(),
        cron=schedule.expression if isinstance(schedule, Cron) else None,
        every_seconds=schedule.every_seconds if isinstance(schedule, Interval) else None,
        start=schedule.start,
        end=schedule.end,
        max_runs=schedule.max_runs,
        runs_left=schedule.max_runs,
        next_run_at=following,
    )


def pause_view(row: Any) -> PauseView:
    """Turn a pause's row into its view."""
    return PauseView(row.by, row.at, row.reason, row.until)
