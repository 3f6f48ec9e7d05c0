"""A run's live log in Redis: lines within a second of being written, capped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from redis import Redis

from app import keys, scripts
from app.storable import storable_text

MOST_LINES = 2_000
MOST_BYTES = 256 * 1024
FLUSH_SECONDS = 0.25
KEEP_SECONDS = 24 * 3600


UNREADABLE = {
    "at": "1970-01-01T00:00:00.000+00:00",
    "level": "ERROR",
    "logger": "rota",
    "message": "(a line that cannot be read)",
}


def read_lines(raw: Iterable[bytes]) -> list[dict[str, str]]:
    """Read lines back; garbage leaves a line that says so, so that positions stay right."""
    return [_read(line) for line in raw]


def _read(raw: bytes) -> dict[str, str]:
    try:
        line = json.loads(raw)
        datetime.fromisoformat(line["at"])
        return {name: storable_text(str(line[name])) for name in UNREADABLE}
    except (ValueError, TypeError, KeyError, RecursionError):
        return UNREADABLE


class RunLog:
    """Collects lines and writes them in batches; beyond the cap it only counts."""

    def __init__(self, redis: Redis, run_id: str, lines: int = 0) -> None:
        self._redis = redis
        self._run_id = run_id
        self._waiting: list[str] = []
        self._lines = lines
        self._bytes = 0
        self._dropped = 0
        self._never_sent = 0
        self._told = 0
        self._flushed_at = monotonic()

    def add(self, line: Mapping[str, Any]) -> None:
        """Take one line of {at, level, logger, message}."""
        text = json.dumps(dict(line))
        self._lines += 1
        self._bytes += len(text)
        if self._lines > MOST_LINES or self._bytes > MOST_BYTES:
            self._dropped += 1
        else:
            self._waiting.append(text)

    @property
    def room(self) -> int:
        """How many further lines are taken at most."""
        return max(MOST_LINES - self._lines, 0) if self._bytes < MOST_BYTES else 0

    def drop(self, lines: int = 1) -> None:
        """Count lines that are left out."""
        self._dropped += lines

    def leave_out(self, total: int) -> None:
        """Note how many lines the run itself has left out so far."""
        self._never_sent = total

    @property
    def dropped(self) -> int:
        """How many lines the cap has left out so far."""
        return self._dropped + self._never_sent

    @property
    def due(self) -> bool:
        """Whether anything has waited long enough to be written."""
        new = bool(self._waiting) or self.dropped > self._told
        return new and monotonic() - self._flushed_at >= FLUSH_SECONDS

    @property
    def waiting(self) -> list[str]:
        """The lines that are not written yet, in the form in which they are kept."""
        return self._waiting

    def flush(self) -> None:
        """Write what waits. On an error it is kept for the next flush."""
        if not self._waiting and self.dropped == self._told:
            return
        told = self.dropped
        scripts.run(
            "log",
            self._redis,
            [keys.log(self._run_id), keys.job(self._run_id)],
            [told, KEEP_SECONDS, *self._waiting],
        )
        self._waiting.clear()
        self._told = told
        self._flushed_at = monotonic()
