"""What is wrong with an argument, in plain words: what it must be, and what was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.settings import SECRET_NAME

LONGEST_GIVEN = 40
# By the beginning of pydantic's own names for what can be wrong; the first that fits is told.
WORDS = {
    "missing": "is needed",
    "extra_forbidden": "is not a parameter of this task",
    "int_": "must be a whole number",
    "float_": "must be a number",
    "decimal_": "must be a number",
    "bool_": "must be true or false",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must look like {pattern}",
    "string_": "must be text",
    "list_": "must be a list",
    "tuple_": "must be a list",
    "set_": "must be a list",
    "dict_": "must be an object",
    "model_": "must be an object",
    "dataclass_": "must be an object",
    "date_from": "must be a date such as 2026-11-24",
    "date_": "must be a date such as 2026-11-24",
    "datetime_": "must be a time such as 2026-11-24T09:00:00Z",
    "timezone_": "must be a time with its offset, such as 2026-11-24T09:00:00Z",
    "time_delta_": "must be a duration such as PT30S",
    "time_": "must be a time of day such as 09:00",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    "none_required": "must be left out or null",
    "finite_number": "must be a finite number",
}
WITHOUT_VALUE = ("missing", "extra_forbidden")


def told(error: Mapping[str, Any]) -> str:
    """Return a sentence's end for one of pydantic's errors; its own words where we have none."""
    kind = str(error["type"])
    words = next((text for name, text in WORDS.items() if kind.startswith(name)), None)
    if words is None:
        return str(error["msg"])
    sentence = words.format_map({name: str(value) for name, value in error.get("ctx", {}).items()})
    given = error.get("input")
    secret = any(SECRET_NAME.search(str(part)) for part in error["loc"])
    if kind.startswith(WITHOUT_VALUE) or secret or isinstance(given, dict | list):
        return sentence
    return f"{sentence}, not {_short(repr(given))}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_GIVEN else f"{text[:LONGEST_GIVEN]}…"
