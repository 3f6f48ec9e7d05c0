"""Query strings, read strictly: a mistyped filter must not silently show everything."""

from __future__ import annotations

import re
from datetime import datetime

from flask import request

from app.errors import Invalid
from console.api.operations import current_operation
from console.moments import offset_moment

KEY = re.compile(r"[\x20-\x7e]{1,255}")


def query() -> dict[str, str]:
    """Return the parameters that were given, of those that the operation states.

    Raises Invalid for unknown and repeated ones.
    """
    allowed = current_operation().query
    wrong = {name: f"is not known here; allowed: {', '.join(allowed) or 'none'}"
             for name in request.args if name not in allowed}  # fmt: skip
    wrong |= {name: "may stand once" for name, values in request.args.lists() if len(values) > 1}
    if wrong:
        raise Invalid("The query cannot be understood.", wrong)
    return {name: value for name, value in request.args.items() if value}


def whole(given: dict[str, str], name: str, default: int) -> int:
    """Return a parameter as a whole number; how large it may be is for its reader to say."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,12}", text):
        raise Invalid(f"“{name}” is not valid.", {name: "a whole number"})
    return int(text)


def moment(given: dict[str, str], name: str) -> datetime | None:
    """Return a parameter as an instant in UTC."""
    text = given.get(name)
    return None if text is None else offset_moment(name, text)


def idempotency_key() -> str | None:
    """Return the Idempotency-Key header. Raises Invalid where it is not printable ASCII."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        allowed = "1 to 255 printable ASCII characters"
        raise Invalid("The Idempotency-Key is not valid.", {"Idempotency-Key": allowed})
    return key
