"""The event stream: one entry a state change of a run, written by the scripts.

Every entry has `run` (id), `status` (the new one), `revision` (counts up with each change of the
run), `attempt`, `at` (server's clock, Unix ms), `static` (JSON of what never changes: task_id,
schedule_id, trigger, triggered_by, parent_run_id, queue, at, fire_time, arguments) and `data`
(JSON of what this change brought: queued_at, started_at, ended_at in Unix ms, reason, worker,
result, error, outcome of the attempt that ended).

| status | written by | when |
|---|---|---|
| scheduled | enqueue, defer, finish | for later; waiting for its retry, or for other runs |
| queued | fire, enqueue, defer, move, recover, finish | into its queue, first or again |
| running | take, readmit | a worker started an attempt |
| succeeded, failed, skipped, stopped, expired, quarantined | finish, recover | ended |
| skipped, missed | fire | a fire time that did not become a job |
| cancelled | cancel, finish | taken out before it started; a dependency did not end well |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.storable import storable


@dataclass(frozen=True)
class Event:
    """One parsed entry; `position` is its stream id."""

    position: str
    run_id: str
    status: str
    revision: int
    attempt: int
    at: datetime
    static: Mapping[str, Any]
    data: Mapping[str, Any]


def parse(position: bytes, fields: Mapping[bytes, bytes]) -> Event:
    """Parse one stream entry. Raises ValueError or KeyError for a broken one."""
    static = storable(json.loads(fields[b"static"]))
    data = storable(json.loads(fields[b"data"]))
    if not isinstance(static, dict) or not isinstance(data, dict):
        raise ValueError("static and data must be JSON objects")
    return Event(
        position=position.decode(),
        run_id=fields[b"run"].decode(),
        status=fields[b"status"].decode(),
        revision=int(fields[b"revision"]),
        attempt=int(fields[b"attempt"]),
        at=instant(int(fields[b"at"])),
        static=static,
        data=data,
    )


def instant(milliseconds: float) -> datetime:
    """Turn Unix milliseconds into an aware UTC datetime."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
