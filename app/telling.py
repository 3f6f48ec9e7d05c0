"""What a child says to its parent: one JSON line a message, over a socket.

Messages are `[key, kind, what]`; the key was given with the run. Kinds are `log` a line, `dropped`
how many lines the cap has left out so far, `progress`, `thread` the thread that executes the run,
and `end`, which closes it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from app.context import running
from app.deaths import LINE_LOST
from app.logs import line_of
from app.masking import mask_text
from app.outcomes import Outcome
from app.run_log import MOST_BYTES, MOST_LINES
from app.storable import storable_text

LONGEST_LINE = 8_000
COUNT_SECONDS = 0.25


# `json.dumps` would make such an encoder at every call.
_written = json.JSONEncoder(default=str).encode


class Link:
    """The way to the parent; safe from several threads."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._lock = threading.Lock()
        self._main = threading.main_thread().ident
        self.speaking = False

    def send(self, message: bytes) -> None:
        """Send one message whole; waits while the parent is slower than the task."""
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


class Teller:
    """Speaks for one run. Its lines beyond the cap never leave the child: they are only counted."""

    def __init__(self, link: Link, key: str) -> None:
        self._link = link
        self._head = f'["{key}",'.encode()
        self._lines = self._bytes = self.dropped = 0
        self._counted_at = 0.0
        self._rests: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def say(self, kind: str, what: Any) -> None:
        """Send one message."""
        self._link.send(self._head + _written([kind, what]).encode()[1:] + b"\n")

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
            self._link.send(self._head + b'"log",' + text.encode() + b"]\n")

    def drop(self) -> None:
        """Count a line that is left out, and say so now and then."""
        self.dropped += 1
        if monotonic() - self._counted_at >= COUNT_SECONDS:
            self._counted_at = monotonic()
            self.say("dropped", self.dropped)

    def print(self, text: str, level: str, name: str) -> None:
        """Take what the run writes to a stream; whole lines become lines of its log."""
        with self._lock:
            *lines, rest = (self._rests.get((level, name), "") + text).split("\n")
            if len(rest) > LONGEST_LINE:
                lines.append(rest)
                rest = ""
            self._rests[(level, name)] = rest
        for line in lines:
            self._printed(line, level, name)

    def end(self, outcome: Outcome, why_worn: str | None, used: list[float] | None) -> None:
        """Close the run; `why_worn` tells why this process should take no further one, `used` how
        many processor seconds and bytes the run took, and seconds the process in all."""
        # The count comes first: the parent writes the log with the end.
        end = [outcome.kind, outcome.result, outcome.error, outcome.reason]
        self.say("end", [end, self.dropped, why_worn, used])

    def flush(self) -> None:
        """Say what was printed without an end of line."""
        rests, self._rests = self._rests, {}
        for (level, name), rest in rests.items():
            if rest:
                self._printed(rest, level, name)

    def _printed(self, line: str, level: str, name: str) -> None:
        if self.full:
            self.drop()
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        message = storable_text(mask_text(line)[:LONGEST_LINE])
        self.log({"at": at, "level": level, "logger": name, "message": message})


def teller() -> Teller | None:
    """Return who speaks for the run that executes here; None outside of one."""
    run = running()
    return None if run is None else run.teller


class LinesToParent(logging.Handler):
    """What a task logs."""

    def emit(self, record: logging.LogRecord) -> None:
        speaker = teller()
        if speaker is None:
            return
        if speaker.full:
            speaker.drop()
        else:
            speaker.log(line_of(record, LONGEST_LINE))


class PrintedLines:
    """Stands for stdout or stderr: what a task prints becomes log lines."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, descriptor: int, level: str, name: str) -> None:
        self._descriptor, self._level, self._name = descriptor, level, name

    def write(self, text: str) -> int:
        speaker = teller()
        if speaker is not None:
            speaker.print(text, self._level, self._name)
        return len(text)

    def flush(self) -> None:
        """Nothing: a line is whole when it ends, or when the run does."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        """Return the descriptor under it, for programs that the task starts."""
        return self._descriptor


def send_lines_to_parent() -> None:
    """Let all that is logged or printed in this process go to the run that does it."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        # The parent goes on writing its file.
        handler.close()
    root.addHandler(LinesToParent())
    root.setLevel(logging.INFO)
    sys.stdout = PrintedLines(1, "INFO", "stdout")
    sys.stderr = PrintedLines(2, "WARNING", "stderr")
