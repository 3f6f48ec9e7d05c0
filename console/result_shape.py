"""What form suits a value that a task took or returned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TABLE_ROWS = 100
TABLE_COLUMNS = 12


@dataclass(frozen=True)
class Shape:
    """`kind` is nothing, text, pairs or table; `rows` holds what that kind needs."""

    kind: str
    text: str = ""
    pairs: tuple[tuple[str, Any], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left_out: int = 0


def shape_of(value: Any) -> Shape:
    """Choose: a mapping as pairs, a list of like mappings as a table, anything else as text."""
    if value is None or value in ({}, []):
        return Shape("nothing")
    if isinstance(value, Mapping):
        return Shape("pairs", pairs=tuple((str(key), item) for key, item in value.items()))
    if isinstance(value, list) and all(isinstance(item, Mapping) and item for item in value):
        columns = tuple(dict.fromkeys(str(key) for item in value[:TABLE_ROWS] for key in item))
        if len(columns) <= TABLE_COLUMNS:
            return _table(value, columns)
    return Shape("text", text=as_text(value))


def as_text(value: Any) -> str:
    """Write a value as people read it; text stays as it is, the rest is JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if value in ([], {}):
        return "none"
    if isinstance(value, int):
        return f"{value:,}"
    indent = 2 if isinstance(value, dict | list) and len(value) > 1 else None
    return json.dumps(value, indent=indent, ensure_ascii=False, default=str)


def _table(value: list[Mapping[str, Any]], columns: tuple[str, ...]) -> Shape:
    rows = tuple(
        tuple(as_text(item[column]) if column in item else "" for column in columns)
        for item in value[:TABLE_ROWS]
    )
    return Shape("table", columns=columns, rows=rows, left_out=max(0, len(value) - TABLE_ROWS))
