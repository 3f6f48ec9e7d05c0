"""Long lists that Redis answers whole: a page at a time, the number in the URL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """The items of one page; pages count from 1."""

    items: Sequence[T]
    number: int
    pages: int


def part_of(items: Sequence[T], size: int) -> Part[T]:
    """Return the page that the request asks for; the nearest one where there is no such page."""
    pages = max(1, -(-len(items) // size))
    asked = request.args.get("page", "1")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    number = min(max(wanted, 1), pages)
    return Part(items[(number - 1) * size : number * size], number, pages)
