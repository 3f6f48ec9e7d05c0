"""Text that every store takes: PostgreSQL refuses NUL, UTF-8 refuses half a surrogate pair."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UNSTORABLE = "text without NUL and without halves of surrogate pairs"
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def storable_text(text: str) -> str:
    """Escape what some store refuses, visibly: `\\x00`, `\\ud800`."""
    return _REFUSED.sub(_escaped, text)


def storable(value: Any) -> Any:
    """Do so in all texts of a JSON value, its keys among them."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\u{number:04x}" if number else "\\x00"
