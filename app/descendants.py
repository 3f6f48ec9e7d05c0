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
from types import FrameType

# How a child hears that its worker died.
ORPHANED = signal.SIGUSR2
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SWEEP_SECONDS = 1.0
LINUX = sys.platform.startswith("linux")


def adopt_descendants() -> None:
    """Become the parent of every descendant whose own parent ends."""
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(parent: int) -> None:
    """End this process, and all that it started, when its parent dies."""
    signal.signal(ORPHANED, _end_with_all)
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, ORPHANED, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _end_with_all(_number: int, _frame: FrameType | None) -> None:
    end_children()
    # Not by `os._exit`, which a shared child has replaced to tell its parent.
    os.kill(os.getpid(), signal.SIGKILL)


def has_children() -> bool:
    """Return whether this process has any child, dead or alive; it stays to be waited for."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def children(pid: int | None = None) -> set[int]:
    """Return the ids of a process's children (default: this one's); empty where the system does
    not tell."""
    found: set[int] = set()
    for path in Path(f"/proc/{pid or 'self'}/task").glob("*/children"):
        with suppress(OSError):
            found.update(map(int, path.read_text(encoding="ascii").split()))
    return found


def descendants_of(pid: int) -> set[int]:
    """Return the ids of a process's children, theirs, and so on."""
    found = children(pid)
    return found.union(*(descendants_of(child) for child in found))


def born_at(pid: int) -> str:
    """Return when a process began, in ticks since the system did: with its id it names it for ever.

    '-' where the system does not tell.
    """
    fields = stat_of(pid)
    return fields[19] if fields else "-"


def is_dead(pid: int) -> bool:
    """Return whether a process has ended, waited for or not."""
    fields = stat_of(pid)
    return not fields or fields[0] == "Z"


def stat_of(pid: int) -> list[str]:
    """Return the fields of a process's /proc/<pid>/stat after its name; none where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


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
