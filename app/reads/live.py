"""What Redis says of processes, queues and fire times, in one round trip."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app import scripts
from app.connection import asking_redis
from app.errors import Unavailable
from app.reads.shapes import SchedulerView, WorkerView
from app.system import System
from app.views import QueueView

log = logging.getLogger("rota.reads")

WORKER_SILENT = timedelta(seconds=30)
PLAUSIBLE = re.compile(r"[0-9]{1,15}")
# A century of working seconds; what is beyond was written by no worker.
LONGEST_WORK = 3.2e9


# What is shown of a worker's hash; it holds much more.
TOLD = (
    b"state", b"queues", b"hostname", b"pid", b"version", b"python_version", b"current_job",
    b"successful_job_count", b"failed_job_count", b"total_working_time",
)  # fmt: skip


@dataclass(frozen=True)
class Live:
    """Empty where Redis is away, with the reason; `nominals` by schedule id."""

    schedulers: tuple[SchedulerView, ...] = ()
    workers: tuple[WorkerView, ...] = ()
    queues: tuple[QueueView, ...] = ()
    quarantined: int = 0
    nominals: Mapping[str, datetime] = field(default_factory=dict)
    next_fire: datetime | None = None
    suspended: bool = False
    # What Redis throws away when its memory is full, and since when nothing was saved to disk.
    policy: str = ""
    unsaved_since: datetime | None = None
    away: str | None = None


def ask_redis(system: System, now: datetime, schedule_ids: Sequence[str] = ()) -> Live:
    """Ask how everything stands, and when these schedules fire next."""
    queues = system.settings.queues
    try:
        with asking_redis():
            answer = scripts.run(
                "standing", system.redis, [], [len(queues), *queues, *schedule_ids]
            )
    except Unavailable as error:
        return Live(away=str(error))
    schedulers, quarantined, workers, found, nominals, suspended, following, safety = answer
    alive = tuple(
        worker
        for key, pairs, going_on in workers
        if (worker := _worker(key, pairs, going_on, now)) is not None
    )
    listening = Counter(name for worker in alive for name in set(worker.queues))
    return Live(
        schedulers=tuple(_schedulers(schedulers)),
        workers=tuple(sorted(alive, key=lambda worker: worker.name)),
        queues=tuple(sorted((_queue(row, listening, now) for row in found), key=lambda q: q.name)),
        quarantined=quarantined,
        nominals={
            name: datetime.fromtimestamp(int(nominal), UTC)
            for name, nominal in zip(schedule_ids, nominals, strict=True)
            if nominal.isdigit() and len(nominal) < 12
        },
        next_fire=datetime.fromtimestamp(int(following), UTC) if following else None,
        suspended=bool(suspended),
        policy=_text(safety[0]),
        unsaved_since=datetime.fromtimestamp(int(safety[1]), UTC) if safety[1] else None,
    )


def demand_redis(away: str | None) -> None:
    """Raise Unavailable where Redis was away: an empty list would look like none."""
    if away is not None:
        raise Unavailable("Redis")


def _schedulers(pairs: Sequence[bytes]) -> list[SchedulerView]:
    found = [_scheduler(_text(name), note) for name, note in sorted(_pairs(pairs))]
    return [scheduler for scheduler in found if scheduler is not None]


def _scheduler(name: str, note: bytes) -> SchedulerView | None:
    try:
        document = json.loads(note)
        seen_at = datetime.fromisoformat(document["at"]).astimezone(UTC)
        return SchedulerView(name, bool(document.get("leads")), seen_at)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        # Somebody else's note: what cannot be read is no scheduler.
        return None


def _queue(row: Sequence[Any], workers: Mapping[str, int], now: datetime) -> QueueView:
    name, depth, oldest, *registries = row
    running, delayed, deferred, failed, finished, cancelled = registries
    since = _time(oldest)
    return QueueView(
        name=_text(name),
        depth=depth,
        oldest_age_seconds=max((now - since).total_seconds(), 0.0) if since else None,
        workers=workers.get(_text(name), 0),
        running=running,
        delayed=delayed,
        deferred=deferred,
        failed=failed,
        finished=finished,
        cancelled=cancelled,
    )


def _worker(
    key: bytes, pairs: Sequence[bytes], going_on: Sequence[bytes], now: datetime
) -> WorkerView | None:
    """Return a worker that gave a sign of life lately."""
    held = dict(_pairs(pairs))
    seen_at = _time(held.get(b"last_heartbeat", b""))
    if seen_at is None or b"death" in held or now - seen_at > WORKER_SILENT:
        return None
    found = {name.decode(): _text(held[name]) for name in TOLD if name in held}
    return WorkerView(
        name=_text(key).removeprefix("rq:worker:"),
        state=found.get("state", "idle"),
        queues=tuple(name for name in found.get("queues", "").split(",") if name),
        host=found.get("hostname", ""),
        pid=found.get("pid", ""),
        version=found.get("version", ""),
        python=found.get("python_version", "").partition(" ")[0],
        started_at=_time(held.get(b"birth", b"")),
        seen_at=seen_at,
        current_run_id=found.get("current_job") or None,
        current_run_ids=tuple(sorted(_text(one).rpartition(":")[0] for one in going_on)),
        succeeded=_whole(found.get("successful_job_count")),
        failed=_whole(found.get("failed_job_count")),
        working_seconds=_number(found.get("total_working_time")),
    )


def _pairs(flat: Sequence[bytes]) -> zip[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _time(value: bytes) -> datetime | None:
    try:
        return datetime.fromisoformat(_text(value)).astimezone(UTC) if value else None
    except (ValueError, OverflowError):
        return None


def _whole(text: str | None) -> int:
    return int(text) if text and PLAUSIBLE.fullmatch(text) else 0


def _number(text: str | None) -> float:
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if 0 <= number < LONGEST_WORK else 0.0
