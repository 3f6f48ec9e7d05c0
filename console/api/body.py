"""JSON bodies, read strictly: what cannot be kept faithfully is refused at the door."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.errors import Invalid

DEEPEST = 32
LARGEST_INTEGER = 2**63 - 1


def read_body(*allowed: str) -> dict[str, Any]:
    """Return the body as a mapping with no keys but `allowed`; an empty body is an empty one.

    Raises 400 for what is not JSON, 413, 415, and Invalid for another shape.
    """
    data = request.get_data(cache=False)
    if not data:
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("A body must come with Content-Type: application/json.")
    body = _parse(data)
    if not isinstance(body, dict):
        raise Invalid("The body must be a JSON object.")
    names = ", ".join(allowed) or "none"
    unknown = {key: f"is not known here; allowed: {names}" for key in body if key not in allowed}
    if unknown:
        raise Invalid("The body has keys that are not known here.", unknown)
    return body


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
