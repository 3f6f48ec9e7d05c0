"""What screens show beside tasks and runs: frozen shapes, turned into JSON by `app.views`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.related_runs import RelatedRuns
from app.views import (
    FireTime,
    FireTimes,
    PauseView,
    QueueView,
    RunView,
    ScheduleView,
    TaskView,
)


@dataclass(frozen=True, slots=True)
class FrameView:
    """What stands around every page: how the whole is, and whether everything is paused."""

    status: str
    problems: int
    pause: PauseView | None = None


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker process. `state` is busy, idle or suspended, as RQ writes it; of the runs that go
    on there RQ knows one, `current_run_id`."""

    name: str
    state: str
    queues: tuple[str, ...]
    host: str
    pid: str
    version: str
    python: str
    started_at: datetime | None
    seen_at: datetime | None
    current_run_id: str | None
    succeeded: int
    failed: int
    working_seconds: float
    current_run_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OverrideView:
    """A person's schedule that holds instead of the code's; archived where the code won since."""

    schedule_id: str
    text: str
    code_text: str
    by: str
    at: datetime
    archived_at: datetime | None = None
    schedule: ScheduleView | None = None


@dataclass(frozen=True, slots=True)
class BackfillView:
    """A range of past fire times that runs by and by. `statuses` counts its runs by status."""

    backfill_id: str
    task_id: str
    by: str
    at: datetime
    start: datetime
    end: datetime
    total: int
    concurrency: int
    statuses: dict[str, int]
    ended_at: datetime | None = None

    @property
    def done(self) -> int:
        waiting = ("scheduled", "queued", "running")
        return self.total - sum(self.statuses.get(status, 0) for status in waiting)


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some of the `found` tasks that fit a search; `following` is None on the last page."""

    tasks: tuple[TaskView, ...]
    found: int
    total: int
    following: str | None = None


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """What a task's own page shows beside its view."""

    overrides: tuple[OverrideView, ...] = ()
    backfills: tuple[BackfillView, ...] = ()
    skips: tuple[tuple[str, datetime], ...] = ()
    made_here: frozenset[str] = frozenset()
    revisions: dict[str, int] = field(default_factory=dict)
    fires: FireTimes = field(default_factory=lambda: FireTimes((), ""))
    releases: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How long `count` past runs of a task took, in seconds: the median and 9 of 10."""

    count: int
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class RunDetail:
    """What a run's own page shows beside its view."""

    before: str | None = None
    after: str | None = None
    children: RelatedRuns = field(default_factory=RelatedRuns)
    dependencies: RelatedRuns = field(default_factory=RelatedRuns)
    parent: RunView | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class DismissalView:
    """Who put a cause aside, when and why. It holds until the cause fails after `at`."""

    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures of one cause: same task, error class and innermost frame of our own code.

    `since_dismissal` counts those after somebody put the cause aside.
    """

    task_id: str
    type: str
    fingerprint: str
    message: str
    count: int
    first_at: datetime
    last_at: datetime
    sample_run_id: str
    new: bool = False
    trend: tuple[int, ...] = ()
    dismissal: DismissalView | None = None
    since_dismissal: int = 0


@dataclass(frozen=True, slots=True)
class Failures:
    """`groups` of what failed since `since`, and `dismissed` those that were put aside.

    `capped` tells that only the newest failures were looked at.
    """

    groups: tuple[FailureGroup, ...]
    since: datetime
    released_at: datetime | None
    capped: bool
    dismissed: tuple[FailureGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A schedule that is being tried out, beside the present one."""

    schedule: ScheduleView
    fire_times: tuple[FireTime, ...]
    present_a_week: int
    tried_a_week: int
    added: tuple[datetime, ...]
    removed: tuple[datetime, ...]
    same_minute: tuple[str, ...]
    revision: int | None = None
    differs: bool = False


@dataclass(frozen=True, slots=True)
class SetAside:
    """What could not be handled and was moved out of the way, whole."""

    name: str
    reason: str
    place: str
    at: str


@dataclass(frozen=True, slots=True)
class QueuesView:
    """`emptied` counts by queue what could be put back into it."""

    queues: tuple[QueueView, ...]
    set_aside: tuple[SetAside, ...]
    set_aside_total: int
    away: str | None = None
    emptied: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunUsage:
    """What a running run has computed so far, and what its process holds now."""

    cpu_seconds: float | None
    rss_bytes: int | None


@dataclass(frozen=True, slots=True)
class WorkersView:
    workers: tuple[WorkerView, ...]
    suspended: bool
    tasks_by_run: dict[str, str] = field(default_factory=dict)
    away: str | None = None
    usage_by_run: dict[str, RunUsage] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchedulerView:
    name: str
    leads: bool
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class HealthView:
    """What the processes stand on. A service that is away has its reason in `*_away`."""

    schedulers: tuple[SchedulerView, ...]
    redis: dict[str, Any]
    database: dict[str, Any]
    settings: dict[str, str]
    integrations: dict[str, bool]
    redis_away: str | None = None
    database_away: str | None = None


@dataclass(frozen=True, slots=True)
class WeekCell:
    """How many runs of a task (`*`: of all) had this status in the time that begins at `start`."""

    task_id: str
    start: datetime
    status: str
    number: int
    bad: bool


@dataclass(frozen=True, slots=True)
class WeekView:
    """The past days from midnight `start` on, by hour or by task and day.

    By task there are those of `task_ids`, with more from `following` on; `whole` is of all.
    """

    start: datetime
    end: datetime
    cells: tuple[WeekCell, ...]
    releases: tuple[datetime, ...]
    whole: tuple[WeekCell, ...] = ()
    task_ids: tuple[str, ...] = ()
    following: str | None = None


@dataclass(frozen=True, slots=True)
class QueueHour:
    """One hour of a queue: what ended, how long runs waited, what stood in it at its end."""

    start: datetime
    ended: int
    failed: int
    wait_p50: float | None
    wait_p95: float | None
    depth: int
    oldest_age_seconds: float | None


@dataclass(frozen=True, slots=True)
class QueueHistory:
    """A queue's past hours, oldest first; `capped` tells that only the newest runs were read."""

    name: str
    hours: tuple[QueueHour, ...]
    releases: tuple[datetime, ...]
    capped: bool = False
