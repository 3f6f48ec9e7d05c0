"""Keyset cursors: where the next page starts, opaque to callers."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime

from app.errors import Invalid

LARGEST_PAGE = 200
LONGEST_NUMBER = 9


def encode(at: datetime, key: str) -> str:
    """Write the position after (at, key)."""
    text = json.dumps([at.isoformat(), key])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, str]:
    """Read a cursor. Raises Invalid for one that we did not write."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at, key = json.loads(base64.urlsafe_b64decode(padded.encode()))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not isinstance(key, str) or not key.isprintable():
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _not_ours() from error
    return instant, key


def decode_number(cursor: str) -> int:
    """Read a cursor whose key is a row's number. Raises Invalid for any other."""
    _, key = decode(cursor)
    if not (key.isascii() and key.isdigit() and len(key) <= LONGEST_NUMBER):
        raise _not_ours()
    return int(key)


def _not_ours() -> Invalid:
    return Invalid("The cursor is not one of ours.", {"cursor": "next_cursor of an earlier page"})


def checked_limit(limit: int) -> int:
    """Return a page's size. Raises Invalid outside 1 to 200."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise Invalid(f"limit={limit} is not allowed.", {"limit": f"1 to {LARGEST_PAGE}"})
    return limit
