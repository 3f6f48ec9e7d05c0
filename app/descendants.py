"""What a process started, directly or not, ends with it (Linux; elsewhere only its group does).

A subreaper inherits whatever its descendants leave behind, also daemons that made themselves a
session of their own: so "has no children" means "has no descendants".
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SWEEP_SECONDS = 1.0
LINUX = sys.platform.startswith("linux")


def adopt_descendants() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def has_children() -> bool:
    """Return whether this process has any child, dead or alive; it stays to be waited for."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def children() -> set[int]:
    """Return the ids of this process's children; empty where the system does not tell."""
    found: set[int] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found.update(map(int, path.read_text(encoding="ascii").split()))
    return found


def end_children(spared: Collection[int] = ()) -> bool:
    """Kill every child but the spared ones, and theirs; return whether all are gone.

    What they leave comes to us, if we adopt descendants, so it goes on until nothing is left.
    """
    deadline = monotonic() + SWEEP_SECONDS
    while left := children() - set(spared):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if monotonic() > deadline:
            return False
        sleep(0.001)
    return True
