"""Values that every store takes: PostgreSQL refuses NUL, UTF-8 refuses half a surrogate pair, and
JSON knows only finite numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite, isnan
from typing import Any

UNSTORABLE = "text without NUL or halves of surrogate pairs, and finite numbers"
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def storable_text(text: str) -> str:
    """Escape what some store refuses, visibly: `\\x00`, `\\ud800`."""
    return _REFUSED.sub(_escaped, text)


def storable(value: Any) -> Any:
    """Do so in all texts of a JSON value, its keys among them; write `NaN` and its like as text."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\u{number:04x}" if number else "\\x00"
