"""JSON bodies, read strictly: what cannot be kept faithfully is refused at the door."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.errors import Invalid
from console.api.operations import Part, current_operation
from console.moments import offset_moment

DEEPEST = 32
LARGEST_INTEGER = 2**63 - 1


def read_body() -> dict[str, Any]:
    """Return the body as a mapping with no keys but those the operation states.

    An empty body is an empty mapping; null counts as left out. Raises 400 for what is not JSON,
    413, 415, and Invalid for another shape.
    """
    stated = current_operation().body
    data = request.get_data(cache=False)
    if not data:
        return _complete({}, stated)
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("A body must come with Content-Type: application/json.")
    body = _parse(data)
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    names = ", ".join(stated) or "none"
    unknown = {key: f"is not known here; allowed: {names}" for key in body if key not in stated}
    if unknown:
        raise Invalid("The body has keys that are not known here.", unknown)
    return _complete({key: value for key, value in body.items() if value is not None}, stated)


def _complete(body: dict[str, Any], stated: Mapping[str, Part]) -> dict[str, Any]:
    missing = {
        name: f"is needed: {part.description}"
        for name, part in stated.items()
        if part.required and name not in body
    }
    if missing:
        raise Invalid("The body lacks something.", missing)
    return body


def optional_text(body: dict[str, Any], field: str, longest: int = 200) -> str | None:
    """Return a text of the body, None where it is missing or blank."""
    return text_of(body, field, longest, "") or None


def moment_of(body: dict[str, Any], field: str) -> datetime | None:
    """Return an instant of the body in UTC."""
    return offset_moment(field, body[field]) if field in body else None


def needed_moment(body: dict[str, Any], field: str) -> datetime:
    """Return an instant that the operation states as needed."""
    return offset_moment(field, body.get(field))


def flag_of(body: dict[str, Any], field: str) -> bool:
    """Return a yes or no of the body, no where it is missing."""
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise Invalid(f"“{field}” is not valid.", {field: "true or false"})
    return value


def number_of(body: dict[str, Any], field: str) -> int | None:
    """Return a whole number of the body; how large it may be is for its reader to say."""
    value = body.get(field)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise Invalid(f"“{field}” is not valid.", {field: "a whole number"})
    return value


def mapping_of(body: dict[str, Any], field: str) -> dict[str, Any] | None:
    """Return an object of the body."""
    value = body.get(field)
    if value is not None and not isinstance(value, dict):
        raise Invalid(f"“{field}” is not valid.", {field: "an object of named arguments"})
    return value


def text_of(body: dict[str, Any], field: str, longest: int, default: str) -> str:
    """Return a text of the body, `default` where it is missing, null or blank."""
    value = body.get(field)
    if value is None:
        return default
    if not isinstance(value, str) or len(value) > longest:
        raise Invalid(f"“{field}” is not valid.", {field: f"text of at most {longest} characters"})
    return value.strip() or default


def _parse(data: bytes) -> Any:
    try:
        value = json.loads(
            data,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_unique,
        )
        _check(value, 0)
    except RecursionError:
        raise BadRequest(f"The body is nested deeper than {DEEPEST} levels.") from None
    except ValueError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _whole(text: str) -> int:
    # The length first: reading a number of a hundred thousand digits is work in itself.
    if len(text) > 20 or abs(int(text)) > LARGEST_INTEGER:
        raise ValueError("a whole number does not fit 64 bits")
    return int(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _check(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ValueError("a text holds NUL, which no database keeps")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("a text holds half a character")
