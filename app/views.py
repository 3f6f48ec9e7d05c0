"""What screens and the API show: frozen shapes with the API's names, and their JSON form."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from app.related_runs import RelatedRuns

Json = Any
T = TypeVar("T")

# What JSON takes as it is.
PLAIN = (str, int, float, type(None))

# Statuses after which a run changes no more unless a person retries it.
ENDED = frozenset(
    {
        "succeeded",
        "failed",
        "cancelled",
        "stopped",
        "skipped",
        "missed",
        "lost",
        "expired",
        "quarantined",
    }
)


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """When a task fires. `text` is a sentence; exactly one of `cron`, `every_seconds` is set.

    `state` is active, or finished: it never fires again. `runs_left` is None without `max_runs`.
    """

    schedule_id: str
    kind: str
    timezone: str
    text: str
    cron: str | None = None
    every_seconds: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    max_runs: int | None = None
    runs_left: int | None = None
    state: str = "active"
    next_run_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PauseView:
    by: str
    at: datetime
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ErrorView:
    type: str
    message: str
    traceback: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ProgressView:
    done: int
    total: int | None
    message: str


@dataclass(frozen=True, slots=True)
class StackView:
    """Where a running run was when somebody asked."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class AttemptView:
    attempt: int
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    worker: str | None
    error: ErrorView | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """One run. `at` orders lists: the fire time, else when accepted; `rss_bytes` is held now."""

    run_id: str
    task_id: str
    status: str
    trigger: str
    at: datetime
    reason: str | None = None
    parent_run_id: str | None = None
    triggered_by: str | None = None
    queue: str | None = None
    fire_time: datetime | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = None
    wait_seconds: float | None = None
    lateness_seconds: float | None = None
    attempt: int = 0
    attempts: tuple[AttemptView, ...] = ()
    arguments: Json = None
    result: Json = None
    error: ErrorView | None = None
    worker: str | None = None
    progress: ProgressView | None = None
    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None
    rss_bytes: int | None = None
    memory_shared: bool = False
    stack: StackView | None = None
    # In lists: which of `arguments` and `result` are left out because they are long.
    cut: tuple[str, ...] = ()
    # Of a single run only: what it started or what waits for it, and for what it waited.
    children: RelatedRuns | None = None
    dependencies: RelatedRuns | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task. `schedule` is its first, `schedules` all of them.

    `state` is active, paused or finished: none of its schedules fires again. `paused_by_all`
    tells that everything is paused.
    """

    id: str
    name: str
    description: str
    queue: str
    schedule: ScheduleView | None
    schedules: tuple[ScheduleView, ...]
    state: str
    pause: PauseView | None
    next_run_at: datetime | None
    last_run: RunView | None
    overlap: str
    misfire: str
    grace_seconds: int | None
    timeout_seconds: int
    retry: Json
    parameters: Json
    limits: Json = None
    override: Json = None
    paused_by_all: bool = False
    recent: tuple[RunView, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A keyset page. `next_cursor` is opaque; None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    at: datetime
    level: str
    logger: str
    message: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Log lines from position `after`; ask again with `after=next`. `dropped` counts lines the
    cap left out; `complete` tells that no more will come."""

    lines: tuple[LogLine, ...]
    next: int
    dropped: int
    complete: bool


@dataclass(frozen=True, slots=True)
class FireTime:
    at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FireTimes:
    fire_times: tuple[FireTime, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that needs a person. `severity` is down, warning, or note: nothing to do."""

    kind: str
    text: str
    task_id: str | None = None
    run_id: str | None = None
    severity: str = "warning"
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue. `depth` counts what waits, `workers` who listens; then RQ's registries."""

    name: str
    depth: int
    oldest_age_seconds: float | None
    workers: int
    running: int = 0
    delayed: int = 0
    deferred: int = 0
    failed: int = 0
    finished: int = 0
    cancelled: int = 0
    pause: PauseView | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The answer of `/tasks/status/overview`; `status` is ok, degraded or down."""

    status: str
    scheduler: Json
    workers: Json
    queues: tuple[QueueView, ...]
    tasks: Json
    runs_24h: Json
    problems: tuple[Problem, ...]
    pause: PauseView | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted act. `status` is queued, scheduled, or pending (Redis is away: it follows)."""

    run_id: str
    task_id: str
    status: str
    note: str | None = None


def to_json(value: object) -> Json:
    """Turn views into JSON values: datetimes become RFC 3339."""
    if isinstance(value, PLAIN):
        return value
    kind: Any = type(value)
    if names := _field_names(kind):
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [to_json(item) for item in value]
    return value


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def rfc3339(instant: datetime) -> str:
    """Write an aware instant with its offset (`Z` for UTC), in milliseconds where it has any."""
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.isoformat(timespec=precision).replace("+00:00", "Z")
