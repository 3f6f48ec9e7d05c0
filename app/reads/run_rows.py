"""A run's row in SQL, or its hash in Redis, as a view."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Text, case, cast, func

from app.events import instant
from app.masking import mask, mask_text
from app.records.schema import runs
from app.views import AttemptView, ErrorView, ProgressView, RunView, StackView

LONGEST_LINE = 300
# Beyond this no task counts; its share of a total would be no number any more.
MOST_COUNTED = 10**15
LONGEST_STACK = 32_000
# What strips need; arguments, result and error are read for a single run only.
LIGHT = [
    runs.c[name]
    for name in (
        "run_id", "task_id", "status", "trigger", "at", "reason", "parent_run_id", "triggered_by",
        "queue", "fire_time", "queued_at", "started_at", "ended_at", "attempt", "worker",
        "cpu_seconds", "max_rss_bytes",
    )
]  # fmt: skip


def error_part(name: str, longest: int) -> Any:
    """Return the column expression of one text inside an error, cut."""
    text = func.substr(runs.c.error[name].as_string(), 1, longest)
    return case((runs.c.error.is_not(None), text), else_=None).label(f"error_{name}")


# Lists tell of an error its class and first line; the traceback stays where it is.
LISTED = [*LIGHT, error_part("type", 200), error_part("message", LONGEST_LINE)]

LONGEST_LISTED = 2_000
CUTTABLE = ("arguments", "result")


def cut(name: str) -> list[Any]:
    """Return the columns of a JSON value that lists show unless it is long, and whether it is."""
    column = runs.c[name]
    short = func.length(cast(column, Text)) <= LONGEST_LISTED
    return [
        case((short, column), else_=None).label(name),
        case((short, False), else_=column.is_not(None)).label(f"{name}_is_cut"),
    ]


# What programs list: also what a run was given and gave, up to a length.
LISTED_WHOLE = [*LISTED, *(part for name in CUTTABLE for part in cut(name))]

# What drawings of many runs need.
DRAWN = [
    runs.c[name]
    for name in (
        "run_id", "task_id", "status", "trigger", "at", "reason", "fire_time", "started_at",
        "ended_at",
    )
]  # fmt: skip

RQ_LIVE = {
    "queued": "queued",
    "started": "running",
    "scheduled": "scheduled",
    "deferred": "scheduled",
    # No result is missing here, so that a cancelled run need not wait for the recorder to show.
    "canceled": "cancelled",
}


def run_view(row: Any, attempts: tuple[AttemptView, ...] = ()) -> RunView:
    """Turn a row (light, listed or whole) into a view."""
    return RunView(
        run_id=row.run_id,
        task_id=row.task_id,
        status=row.status,
        trigger=row.trigger,
        at=row.at,
        reason=row.reason,
        parent_run_id=row.parent_run_id,
        triggered_by=row.triggered_by,
        queue=row.queue,
        fire_time=row.fire_time,
        queued_at=row.queued_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_seconds=_seconds(row.started_at, row.ended_at),
        wait_seconds=_seconds(row.queued_at, row.started_at),
        lateness_seconds=_seconds(row.fire_time, row.queued_at),
        attempt=row.attempt,
        attempts=attempts,
        arguments=getattr(row, "arguments", None),
        result=getattr(row, "result", None),
        error=_listed_error(row) or error_view(getattr(row, "error", None)),
        worker=row.worker,
        cpu_seconds=row.cpu_seconds,
        max_rss_bytes=row.max_rss_bytes,
        cut=tuple(name for name in CUTTABLE if getattr(row, f"{name}_is_cut", False)),
    )


def drawn_view(row: Any) -> RunView:
    """Turn a row of what is drawn into a view that tells no more."""
    return RunView(
        run_id=row.run_id,
        task_id=row.task_id,
        status=row.status,
        trigger=row.trigger,
        at=row.at,
        reason=row.reason,
        fire_time=row.fire_time,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_seconds=_seconds(row.started_at, row.ended_at),
    )


def masked(view: RunView) -> RunView:
    """Return the view as it may be shown: arguments are stored as they were given."""
    progress = view.progress
    return replace(
        view,
        arguments=mask(view.arguments),
        result=mask(view.result),
        reason=mask_text(view.reason) if view.reason else view.reason,
        progress=replace(progress, message=mask_text(progress.message)) if progress else None,
    )


def attempt_view(row: Any) -> AttemptView:
    """Turn an attempt's row into a view."""
    return AttemptView(
        row.attempt, row.started_at, row.ended_at, row.outcome, row.worker, error_view(row.error)
    )


def error_view(error: Any) -> ErrorView | None:
    """Turn an error's JSON into a view; what is no error of ours is told as it is."""
    if error is None:
        return None
    if not isinstance(error, Mapping):
        error = {"type": "Error", "message": error}
    texts = {name: mask_text(str(error.get(name, ""))) for name in ErrorView.__dataclass_fields__}
    return ErrorView(**texts)


def _listed_error(row: Any) -> ErrorView | None:
    kind = getattr(row, "error_type", None)
    if not kind:
        return None
    first = str(row.error_message or "").strip().partition("\n")[0]
    return ErrorView(type=kind, message=mask_text(first), traceback="", fingerprint="")


def live_view(run_id: str, fields: Mapping[str, bytes]) -> RunView | None:
    """Return what Redis knows of a run that has not ended, None where that is nothing."""
    status = RQ_LIVE.get(_text(fields.get("status")))
    if status is None or "rota_static" not in fields:
        return None
    static = json.loads(fields["rota_static"])
    running = status == "running"
    fire_time = static.get("fire_time")
    return RunView(
        run_id=run_id,
        task_id=str(static["task_id"]),
        status=status,
        trigger=str(static["trigger"]),
        at=instant(static["at"]),
        reason=_text(fields.get("rota_waits")) or None,
        parent_run_id=_word(static.get("parent_run_id")),
        triggered_by=_word(static.get("triggered_by")),
        queue=_word(static.get("queue")),
        fire_time=None if fire_time is None else instant(fire_time),
        queued_at=_time(fields.get("enqueued_at")),
        started_at=_time(fields.get("started_at")) if running else None,
        attempt=int(fields.get("rota_attempt", b"0")),
        arguments=static.get("arguments"),
        worker=_text(fields.get("worker_name")) or None if running else None,
        progress=progress_view(fields.get("rota_progress")) if running else None,
        **(telemetry(fields) if running else {}),
    )


def telemetry(fields: Mapping[str, bytes]) -> dict[str, Any]:
    """Read what a running run uses and where it was; garbage tells nothing."""
    found: dict[str, Any] = {}
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        used = json.loads(fields["rota_usage"])
        cpu = used["cpu_seconds"]
        found["cpu_seconds"] = None if cpu is None else float(cpu)
        found |= {name: int(used[name]) for name in ("rss_bytes", "max_rss_bytes")}
        found["memory_shared"] = bool(used["shared"])
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        stack = json.loads(fields["rota_stack"])
        at = datetime.fromisoformat(stack["at"]).astimezone(UTC)
        found["stack"] = StackView(at, mask_text(str(stack["text"])[:LONGEST_STACK]))
    return found


def progress_view(text: bytes | None) -> ProgressView | None:
    """Read a run's progress; None where it reported none, or none that makes sense."""
    if not text:
        return None
    found = json.loads(text)
    done, total = found["done"], found.get("total")
    if not (_counts(done) and (total is None or _counts(total))):
        return None
    return ProgressView(done, total, str(found.get("message", "")))


def _counts(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < MOST_COUNTED


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else round((end - start).total_seconds(), 3)


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")


def _time(value: bytes | None) -> datetime | None:
    text = _text(value)
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
