"""What a child says to its parent: one JSON line a message, over a socket.

Messages are `[kind, what]`: `log` a line, `dropped` how many lines the cap has left out so far,
`progress`, and `end`, which closes a run.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from app.deaths import LINE_LOST
from app.logs import line_of
from app.masking import mask_text
from app.run_log import MOST_BYTES, MOST_LINES
from app.storable import storable_text

LONGEST_LINE = 8_000
COUNT_SECONDS = 0.25


class Teller:
    """Writes messages to the parent; safe from several threads.

    A run's lines beyond the cap never leave the child: they are only counted.
    """

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._main = threading.main_thread().ident
        self.speaking = False
        self.begin()

    def begin(self) -> None:
        """Start counting the lines of another run."""
        self._lines = self._bytes = self.dropped = 0
        self._counted_at = 0.0

    def say(self, kind: str, what: Any) -> None:
        """Send one message; waits while the parent is slower than the task."""
        self._send(json.dumps([kind, what], default=str).encode() + b"\n")

    @property
    def full(self) -> bool:
        """Whether a further line would be left out."""
        return self._lines >= MOST_LINES or self._bytes >= MOST_BYTES

    def log(self, line: dict[str, str]) -> None:
        """Send a line of the run's log, or count it."""
        if self.full:
            self.drop()
            return
        text = json.dumps(line)
        self._lines += 1
        self._bytes += len(text)
        if self._bytes > MOST_BYTES:
            self.drop()
        else:
            self._send(b'["log",' + text.encode() + b"]\n")

    def drop(self) -> None:
        """Count a line that is left out, and say so now and then."""
        self.dropped += 1
        if monotonic() - self._counted_at >= COUNT_SECONDS:
            self._counted_at = monotonic()
            self.say("dropped", self.dropped)

    def _send(self, message: bytes) -> None:
        # A time-out that struck in the middle of a message would leave half of it: see `speaking`.
        main = threading.get_ident() == self._main
        if main:
            self.speaking = True
        try:
            with self._lock:
                self._link.sendall(message)
        except OSError:
            # Whatever the task still does, nobody could hear of it.
            os._exit(LINE_LOST)
        finally:
            if main:
                self.speaking = False


class LinesToParent(logging.Handler):
    """What a task logs."""

    def __init__(self, teller: Teller) -> None:
        super().__init__()
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        if self._teller.full:
            self._teller.drop()
        else:
            self._teller.log(line_of(record, LONGEST_LINE))


class PrintedLines:
    """Stands for stdout or stderr: what a task prints becomes log lines."""

    encoding = "utf-8"

    def __init__(self, teller: Teller, level: str, name: str) -> None:
        self._teller, self._level, self._name = teller, level, name
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._say(line)
        if len(self._rest) > LONGEST_LINE:
            self._say(self._rest)
            self._rest = ""
        return len(text)

    def flush(self) -> None:
        if self._rest:
            self._say(self._rest)
            self._rest = ""

    def isatty(self) -> bool:
        return False

    def _say(self, line: str) -> None:
        if self._teller.full:
            self._teller.drop()
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = storable_text(mask_text(line)[:LONGEST_LINE])
        self._teller.log({"at": at, "level": self._level, "logger": self._name, "message": message})
