"""A run as the RQ job it is: what its hash holds, written and read as JSON only."""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from app.masking import mask

if TYPE_CHECKING:
    from app.tasks import Task

RESULT_TTL = 24 * 3600
FAILURE_TTL = 30 * 24 * 3600
DESCRIPTION_LENGTH = 200
MAX_CALL_BYTES = 1_000_000


@dataclass(frozen=True)
class NewRun:
    """Everything about a run that never changes. Times are UTC."""

    run_id: str
    task_id: str
    path: str
    queue: str
    timeout_seconds: int
    trigger: str
    at: datetime
    arguments: Mapping[str, Any]
    schedule_id: str | None = None
    fire_time: datetime | None = None
    triggered_by: str | None = None
    parent_run_id: str | None = None
    # Which one it is of the runs that its schedule counts, and since which revision it counts.
    fired: int | None = None
    fired_since: int | None = None
    depends_on: tuple[str, ...] = ()
    allow_failure: bool = False
    # Seconds that it may wait for a worker; else as its task says.
    start_within: int | None = None
    at_front: bool = False

    def static(self) -> str:
        """Return the JSON that every event of the run carries."""
        counted = (
            {}
            if self.fired is None
            else {
                "fired": self.fired,
                "fired_since": self.fired_since,
            }
        )
        waits = {"depends_on": self.depends_on, "allow_failure": self.allow_failure}
        return json.dumps(
            {
                "task_id": self.task_id,
                "schedule_id": self.schedule_id,
                "trigger": self.trigger,
                "triggered_by": self.triggered_by,
                "parent_run_id": self.parent_run_id,
                "queue": self.queue,
                "at": milliseconds(self.at),
                "fire_time": None if self.fire_time is None else milliseconds(self.fire_time),
                "arguments": dict(self.arguments),
                **counted,
                **(waits if self.depends_on else {}),
                **({"start_within": self.start_within} if self.start_within else {}),
            }
        )


def run_of_row(
    row: Any, task: Task[Any, Any], depends_on: tuple[str, ...] = (), allow_failure: bool = False
) -> NewRun:
    """Return the run that a row of the history tells of, to be queued again under its id."""
    return NewRun(
        run_id=row.run_id,
        task_id=row.task_id,
        path=task.path,
        queue=row.queue or task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger=row.trigger,
        at=row.at,
        arguments=row.arguments or {},
        schedule_id=row.schedule_id,
        fire_time=row.fire_time,
        triggered_by=row.triggered_by,
        parent_run_id=row.parent_run_id,
        depends_on=depends_on,
        allow_failure=allow_failure,
    )


def fire_run_id(schedule_id: str, fire_time: datetime) -> str:
    """Return the id of the one run of a schedule at a fire time."""
    return f"{schedule_id}--{int(fire_time.timestamp())}"


def manual_run_id(task_id: str, now: datetime, key: str | None = None) -> str:
    """Return the id of a run by hand; the same Idempotency-Key (as its digest) gives the same."""
    if key is not None:
        return f"{task_id}--k{key}"
    return f"{task_id}--m{milliseconds(now)}-{secrets.token_hex(4)}"


def digest(text: str) -> str:
    """Return a short, stable digest, for ids that are derived from input."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def milliseconds(instant: datetime) -> int:
    """Return Unix milliseconds."""
    return round(instant.timestamp() * 1000)


def job_pairs(
    run: NewRun, revision: int = 1, attempt: int = 0, static: str | None = None
) -> list[Any]:
    """Return field, value, field, value, … of the run's job hash, in RQ's own form.

    Written by hand: making an RQ job first takes as long as all the rest of firing.
    """
    now = rq_time(datetime.now(UTC))
    arguments = json.dumps(dict(run.arguments)) if run.arguments else "{}"
    return [
        "created_at", now,
        "enqueued_at", now,
        "data", _packed_call(run.path, arguments),
        "origin", run.queue,
        "description", _description(run.task_id, arguments),
        "timeout", run.timeout_seconds,
        "result_ttl", RESULT_TTL,
        "failure_ttl", FAILURE_TTL,
        "status", "queued",
        "rota_static", static or run.static(),
        "rota_revision", revision,
        "rota_attempt", attempt,
        *_order_pairs(run),
    ]  # fmt: skip


def retry_args(
    run: NewRun,
    revision: int,
    attempt: int,
    mark: str = "",
    only: str = "",
    due: float | None = None,
) -> list[Any]:
    """Return the arguments of the script `retry`; its header tells what they mean."""
    given = [run.run_id, run.queue, run.task_id, revision, attempt, run.static()]
    return [*given, mark, only, "" if due is None else due, *job_pairs(run, revision, attempt)]


def _order_pairs(run: NewRun) -> list[Any]:
    front = ["enqueue_at_front", 1] if run.at_front else []
    if not run.depends_on:
        return front
    return [
        *front,
        "dependency_id", run.depends_on[0],
        "dependency_ids", json.dumps(run.depends_on),
        "allow_dependency_failures", int(run.allow_failure),
    ]  # fmt: skip


@lru_cache(maxsize=20_000)
def _packed_call(path: str, arguments: str) -> bytes:
    return zlib.compress(f'["{path}", null, [], {arguments}]'.encode(), 1)


def rq_time(instant: datetime) -> str:
    """Write an instant as RQ does."""
    # Not by `strftime`, which takes five times as long.
    return instant.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def template_pairs(schedule_id: str, definition: Mapping[str, Any], connection: Redis) -> list[Any]:
    """Return the hash of the template job by which rq-scheduler's own API lists a schedule."""
    schedule = definition["schedule"]
    job = Job.create(
        definition["path"],
        kwargs=dict(definition["arguments"]),
        id=schedule_id,
        connection=connection,
        origin=definition["queue"],
        timeout=definition["timeout_seconds"],
        result_ttl=-1,
        description=f"schedule {schedule_id}",
        status=JobStatus.SCHEDULED,
        serializer=JSONSerializer,
        meta={
            "schedule_id": schedule_id,
            "cron_string": schedule.get("expression"),
            "interval": schedule.get("every_seconds"),
        },
    )
    return [part for pair in job.to_dict().items() for part in pair]


def decoded_hash(pairs: list[bytes]) -> dict[str, bytes]:
    """Turn a flat HGETALL answer into a dict; undecodable field names are dropped."""
    return {
        key.decode("utf-8", "replace"): value
        for key, value in zip(pairs[::2], pairs[1::2], strict=True)
    }


def call_of(fields: Mapping[str, bytes]) -> tuple[str, list[Any], dict[str, Any]]:
    """Return (dotted name, args, kwargs) of a job's call, decoded as JSON and never imported.

    Raises ValueError for anything else than RQ's JSON form, pickles among it.
    """
    data = fields.get("data", b"")
    if len(data) > MAX_CALL_BYTES:
        raise ValueError(f"its call is larger than {MAX_CALL_BYTES} bytes")
    text = _inflated(data)
    try:
        unpacked = json.loads(text.decode("utf-8"))
        name, instance, args, kwargs = unpacked
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("its call is not in RQ's JSON form (pickled?)") from error
    if instance is not None or not isinstance(name, str):
        raise ValueError("its call names a method, not a task")
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise ValueError("its arguments are not a list and an object")
    return name, args, kwargs


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_CALL_BYTES)
    except zlib.error:
        return data
    if inflater.unconsumed_tail:
        raise ValueError(f"its call inflates to more than {MAX_CALL_BYTES} bytes")
    return text


@lru_cache(maxsize=20_000)
def _description(task_id: str, arguments: str) -> str:
    masked = mask(json.loads(arguments))
    shown = ", ".join(f"{name}={value!r}" for name, value in masked.items())
    text = f"{task_id}({shown})"
    return text if len(text) <= DESCRIPTION_LENGTH else text[: DESCRIPTION_LENGTH - 1] + "…"


class JsonJob(Job):
    """An RQ job that is never unpickled: whoever reads one through us reads JSON."""

    def __init__(
        self, id: str | None = None, connection: Redis | None = None, serializer: Any = None
    ) -> None:
        super().__init__(id=id, connection=connection, serializer=JSONSerializer)
