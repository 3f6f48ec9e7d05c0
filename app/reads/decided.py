"""What holds of a task's schedules: definitions and pauses from SQL, next fire times from Redis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import Row

from app import keys
from app.definitions import Definition, canonical, parsed
from app.records.database import reading
from app.records.pauses import EVERYTHING, all_pauses, coming_skips
from app.records.releases import known_schedules
from app.schedules import Cron, Interval
from app.system import System
from app.views import PauseView, ScheduleView


@dataclass(frozen=True)
class Decided:
    """`schedules` by task id; `pauses` by scope."""

    schedules: Mapping[str, tuple[tuple[str, Definition, datetime | None], ...]]
    pauses: Mapping[str, PauseView]
    skips: Mapping[str, frozenset[datetime]]

    @property
    def everything(self) -> PauseView | None:
        """The pause of everything, where it holds."""
        return self.pauses.get(EVERYTHING)


def decided(system: System, now: datetime) -> Decided:
    """Read what holds now: one query each for schedules and pauses, one Redis round trip."""
    with reading(system.database) as connection:
        rows = known_schedules(connection)
        paused = all_pauses(connection)
        skipped = coming_skips(connection, now)
    views = {scope: pause_view(row) for scope, row in paused.items()}
    nominal = _next_fire_times(system, [row.schedule_id for row in rows])
    found: dict[str, list[tuple[str, Definition, datetime | None]]] = {}
    for row in rows:
        definition = parsed(canonical(row.definition))
        held = row.task_id in views or EVERYTHING in views
        following = None
        if not held:
            following = nominal.get(row.schedule_id) or definition.schedule.next(now)
            while following and following in skipped.get(row.schedule_id, ()):
                following = definition.schedule.next(following)
        found.setdefault(row.task_id, []).append((row.schedule_id, definition, following))
    return Decided({task_id: tuple(rows_) for task_id, rows_ in found.items()}, views, skipped)


def schedule_view(
    schedule_id: str, definition: Definition, following: datetime | None
) -> ScheduleView:
    """Turn a schedule into its view."""
    schedule = definition.schedule
    return ScheduleView(
        schedule_id=schedule_id,
        kind=schedule.kind,
        timezone=schedule.timezone or "UTC",
        text=schedule.describe(),
        cron=schedule.expression if isinstance(schedule, Cron) else None,
        every_seconds=schedule.every_seconds if isinstance(schedule, Interval) else None,
        next_run_at=following,
    )


def pause_view(row: Row[Any]) -> PauseView:
    """Turn a pause's row into its view."""
    return PauseView(row.by, row.at, row.reason, row.until)


def _next_fire_times(system: System, schedule_ids: Iterable[str]) -> dict[str, datetime]:
    names = list(schedule_ids)
    pipeline = system.redis.pipeline(transaction=False)
    for name in names:
        pipeline.hget(keys.schedule(name), "nominal")
    try:
        answers = pipeline.execute(raise_on_error=False) if names else []
    except (RedisError, OSError):
        # Redis is away: the caller computes from the definitions instead.
        return {}
    return {
        name: datetime.fromtimestamp(int(answer), UTC)
        for name, answer in zip(names, answers, strict=True)
        if isinstance(answer, bytes) and answer.isdigit()
    }
