"""Asking a child where its runs are, also one that hangs in native code."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

from app.assignment import Assignment
from app.forking import DUMP_BYTES, DUMP_SIGNAL
from app.stacks import readable_dump

# How long a shared child may take to tell by itself, then how long the interpreter to dump.
ANSWER_SECONDS = 1.0
DUMP_SECONDS = 2.0
# A dump comes in several writes.
SETTLE_SECONDS = 0.05
SILENT = (
    "(It does not answer: native code holds the interpreter and blocks signals, or the task took "
    "our signal for itself.)"
)


class StackAsker:
    """Asks one child. The child tells of one run by itself where its main thread is free to; else
    the interpreter dumps all stacks, which needs no Python to run."""

    def __init__(self, pid: int, dumps: int) -> None:
        self._pid = pid
        self._dumps = dumps
        self._dump = ""
        self._settled_at = 0.0
        self._asked: dict[Assignment, float] = {}
        self._dumping_until: float | None = None

    def ask(self, assignment: Assignment, tell: Callable[[], None] | None) -> None:
        """Ask for a run's stack: by `tell` where the child may tell it itself."""
        if tell is None:
            self._asked[assignment] = monotonic()
            self._ask_for_dump()
        else:
            self._asked[assignment] = monotonic() + ANSWER_SECONDS
            tell()

    def answered(self, assignment: Assignment, stack: str) -> None:
        """Pass on what the child told."""
        if self._asked.pop(assignment, None) is not None:
            assignment.hearer.hear("stack", stack)

    def hear(self) -> str:
        """Take in what the interpreter dumps; return all that it has dumped since the last time."""
        with suppress(OSError):
            self._dump += os.read(self._dumps, DUMP_BYTES).decode("utf-8", "replace")
        self._settled_at = monotonic() + SETTLE_SECONDS
        return self._dump

    def tend(self) -> None:
        """Pass on a dump that is whole; ask for one where the child does not tell."""
        now = monotonic()
        if self._dump and now >= self._settled_at:
            dump, self._dump, self._dumping_until = self._dump, "", None
            for one in list(self._asked):
                self.answered(one, readable_dump(dump, one.thread))
        if self._dumping_until is not None and now >= self._dumping_until:
            self._dumping_until = None
            for one in list(self._asked):
                self.answered(one, SILENT)
        if self._dumping_until is None and any(by <= now for by in self._asked.values()):
            self._ask_for_dump()

    def _ask_for_dump(self) -> None:
        self._dumping_until = monotonic() + DUMP_SECONDS
        # One that the task took back would kill the process.
        if _catches(self._pid, DUMP_SIGNAL):
            with suppress(ProcessLookupError):
                os.kill(self._pid, DUMP_SIGNAL)


def _catches(pid: int, number: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "x 0")
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
