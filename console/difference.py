"""What an act changed: only the parts in which before and after differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 6
MOST = 50


@dataclass(frozen=True)
class Change:
    """One part: `path` names it; None stands for nothing there."""

    path: str
    before: Any
    after: Any


def changes(before: Any, after: Any) -> list[Change]:
    """Return the parts that differ, in the order in which they stand."""
    found: list[Change] = []
    for change in _walk("", before, after, 0):
        if len(found) == MOST:
            return [*found, Change("…", None, "further parts")]
        found.append(change)
    return found


def _walk(path: str, before: Any, after: Any, depth: int) -> Iterator[Change]:
    if before == after:
        return
    mappings = [side for side in (before, after) if isinstance(side, Mapping)]
    whole = all(side is None or isinstance(side, Mapping) for side in (before, after))
    if not mappings or not whole or depth == DEEPEST:
        yield Change(path, before, after)
        return
    old, new = before or {}, after or {}
    for name in dict.fromkeys([*old, *new]):
        below = f"{path}.{name}" if path else str(name)
        yield from _walk(below, old.get(name), new.get(name), depth + 1)
