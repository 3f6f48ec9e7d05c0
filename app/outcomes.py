"""How one execution ended: a value, decided once and written once."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from app.failures import told
from app.masking import mask
from app.policies import Retry
from app.run_jobs import FAILURE_TTL, RESULT_TTL, milliseconds
from app.storable import storable, storable_text

LARGEST_RESULT = 256 * 1024
RQ_SUCCESSFUL, RQ_FAILED = 1, 2


@dataclass(frozen=True)
class Outcome:
    """What the execution itself came to: succeeded, failed, skipped, stopped, expired,
    interrupted (the worker had to stop), crashed (its process died with others, so that whose fault
    it was is not known), or unknown (no such task in this code)."""

    kind: str
    result: Any = None
    error: Mapping[str, Any] | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Ending:
    """What is written: statuses for the history and for RQ, and when it runs again if it does."""

    status: str
    rq_status: str
    data: Mapping[str, Any]
    keep_seconds: int
    delay: float | None = None
    attempts_back: int = 0
    alone: bool = False


def success(value: Any) -> Outcome:
    """Turn what a task returned into JSON; a result that cannot be kept is left out, visibly."""
    if value is None:
        return Outcome("succeeded")
    try:
        result = mask(storable(_jsonable(value)))
        size = len(json.dumps(result))
    except (TypeError, ValueError, RecursionError, PydanticSerializationError) as error:
        why = storable_text(f"its result is not JSON and was left out: {error}"[:500])
        return Outcome("succeeded", reason=why)
    if size > LARGEST_RESULT:
        return Outcome(
            "succeeded",
            reason=f"its result of {size:,} bytes was left out (limit {LARGEST_RESULT:,})",
        )
    return Outcome("succeeded", result=result)


def _jsonable(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return to_jsonable_python(value, inf_nan_mode="strings", bytes_mode="base64")


def decide(outcome: Outcome, attempt: int, retry: Retry, now: datetime) -> Ending:
    """Decide what an outcome of attempt number `attempt` means for the run."""
    data: dict[str, Any] = {
        "outcome": outcome.kind,
        "ended_at": milliseconds(now),
        "ended_attempt": attempt,
    }
    if outcome.reason:
        data["reason"] = outcome.reason
    if outcome.error:
        data["error"] = dict(outcome.error)
    match outcome.kind:
        case "succeeded":
            return Ending("succeeded", "finished", {**data, "result": outcome.result}, RESULT_TTL)
        case "skipped":
            return Ending("skipped", "finished", data, RESULT_TTL)
        case "failed" if attempt <= retry.max:
            data["reason"] = f"attempt {attempt} failed; retry {attempt} of {retry.max} follows"
            return Ending("scheduled", "scheduled", data, FAILURE_TTL, retry.delay(attempt))
        case "interrupted":
            return Ending("queued", "queued", data, FAILURE_TTL, attempts_back=1)
        case "crashed":
            # As when a worker dies: it starts again, and the attempt is used up.
            data["outcome"] = "lost"
            return Ending("queued", "queued", data, FAILURE_TTL, alone=True)
        case "unknown":
            return Ending("scheduled", "scheduled", data, FAILURE_TTL, UNKNOWN_DELAY, 1)
        case "stopped":
            return Ending("stopped", "stopped", data, FAILURE_TTL)
        case kind:
            return Ending(kind, "failed", data, FAILURE_TTL)


# How soon a run is offered again whose task this worker's code does not have.
UNKNOWN_DELAY = 20.0


def rq_result(
    ending: Ending, worker: str, execution_id: str, started: float, ended: float
) -> list[Any]:
    """Return field, value, … of the entry that RQ's own readers expect in its result stream."""
    if ending.rq_status in ("queued", "scheduled"):
        return []
    good = ending.rq_status == "finished"
    fields: dict[str, Any] = {
        "type": RQ_SUCCESSFUL if good else RQ_FAILED,
        "worker_name": worker,
        "execution_id": execution_id,
        "execution_started_at": started,
        "execution_ended_at": ended,
    }
    if good and ending.data.get("result") is not None:
        text = json.dumps(ending.data["result"]).encode()
        fields["return_value"] = base64.b64encode(text).decode()
    if not good:
        error = ending.data.get("error") or told(ending.status, ending.data.get("reason", ""))
        text = (error["traceback"] or f"{error['type']}: {error['message']}").encode()
        fields["exc_string"] = base64.b64encode(zlib.compress(text)).decode()
    return [part for pair in fields.items() for part in pair]
