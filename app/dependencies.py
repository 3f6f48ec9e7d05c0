"""For which runs a run waited, and what they returned, read as JSON only."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from redis import Redis

from app import keys

MOST_DEPENDENCIES = 1_000
# A message to the child holds them all.
MOST_BYTES = 4_000_000


def dependency_ids(fields: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the ids that RQ wrote into a job's hash; garbage is none."""
    try:
        found = json.loads(fields.get("dependency_ids", b"[]"))
    except (ValueError, RecursionError):
        return ()
    whole = isinstance(found, list) and all(isinstance(each, str) for each in found)
    return tuple(found[:MOST_DEPENDENCIES]) if whole else ()


def results_of_dependencies(redis: Redis, static: Mapping[str, Any]) -> dict[str, Any] | str:
    """Return the results by run id, or why they cannot be had. Raises redis errors."""
    names = static.get("depends_on") or ()
    if not isinstance(names, list) or not names:
        return {}
    pipeline = redis.pipeline(transaction=False)
    for name in names:
        pipeline.xrevrange(keys.results(str(name)), count=1)
    answers = pipeline.execute(raise_on_error=False)
    size = sum(_size(answer) for answer in answers)
    if size > MOST_BYTES:
        return (
            f"The results of its {len(names)} dependencies are {size:,} bytes together, more than "
            f"{MOST_BYTES:,}. Let them store what they make, and return where."
        )
    return {str(name): _result(answer) for name, answer in zip(names, answers, strict=True)}


def _size(answer: Any) -> int:
    return len(_returned(answer))


def _result(answer: Any) -> Any:
    try:
        return json.loads(base64.b64decode(_returned(answer)))
    except (ValueError, RecursionError):
        return None


def _returned(answer: Any) -> bytes:
    """Return the newest entry's value as RQ encodes it, empty where there is none."""
    if not isinstance(answer, list) or not answer:
        return b""
    fields = answer[0][1]
    value = fields.get(b"return_value", b"") if isinstance(fields, dict) else b""
    return value if isinstance(value, bytes) else b""
