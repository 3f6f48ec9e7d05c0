"""What a request may carry: everything else is refused, as a real service would or should."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from werkzeug.wrappers import Request

from jobs.sandbox.errors import ApiError, invalid

# https://cloud.google.com/apis/docs/system-parameters: what every method takes. `fields` is left
# out on purpose: answers are never cut down here.
COMMON = frozenset({"alt", "prettyPrint", "quotaUser", "key"})
LARGEST_BODY = 10 * 1024 * 1024


def parameters(request: Request, allowed: Collection[str]) -> Mapping[str, str]:
    """Return the query parameters. Raises ApiError for one that the method does not have."""
    for name in request.args:
        if name not in allowed and name not in COMMON:
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query '
                "parameter. Field could not be found in request message."
            )
    return request.args


def body(request: Request, allowed: Collection[str]) -> dict[str, Any]:
    """Return the JSON object of the body; an empty body is an empty object."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise ApiError(413, "Request payload size exceeds the limit: 10485760 bytes.")
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw)
    except ValueError:
        raise invalid("Invalid JSON payload received. Parse error.") from None
    return fields(found, allowed, "")


def fields(found: object, allowed: Collection[str], where: str) -> dict[str, Any]:
    """Return `found` as an object with no other fields than `allowed`."""
    if not isinstance(found, dict):
        raise invalid(f"Invalid JSON payload received. {where or 'The body'} must be an object.")
    for name in found:
        if name not in allowed:
            at = f" at '{where}'" if where else ""
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.'
            )
    return found


def choice(value: object, allowed: Collection[str], name: str, default: str | None = None) -> str:
    """Return an enumeration's value. Raises ApiError when it is missing or not `allowed`."""
    if value is None and default is not None:
        return default
    if value is None:
        raise invalid(f"'{name}' is required but not specified")
    if not isinstance(value, str) or value not in allowed:
        raise invalid(f"Invalid value at '{name}': {json.dumps(value)[:100]}")
    return value
