"""Ending a child's process group, and learning how the child ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from time import monotonic, sleep

# How long a child may take to end after it hung up; it gives back its memory meanwhile.
ENDING_SECONDS = 2.0


def has_ended(pid: int) -> bool:
    """Return whether a child is dead; it stays to be waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def wait_status(pid: int) -> int | None:
    """Wait for a child's wait status; None where it goes on. An ending process hangs up first."""
    deadline = monotonic() + ENDING_SECONDS
    while monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        sleep(0.0005)
    return None


def kill_group(pid: int) -> None:
    """Kill the process group that a child leads."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
