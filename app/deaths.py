"""How a child's process died, told so that somebody can do something about it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from app.failures import told
from app.outcomes import Outcome

CRASHES = frozenset({"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS"})
# The exit code of a child that can no longer speak to its parent.
LINE_LOST = 70
MEMORY_EVENTS = Path("/sys/fs/cgroup/memory.events")
KERNEL_EVENTS = Path("/proc/vmstat")


def died(status: int, *, out_of_memory: bool) -> Outcome:
    """Return how a run ended whose process ended, by its wait status, before the task returned."""
    if os.WIFSIGNALED(status):
        return _killed(signal.Signals(os.WTERMSIG(status)).name, out_of_memory)
    code = os.waitstatus_to_exitcode(status)
    if code == LINE_LOST:
        return line_lost("It closed the descriptor by which it answers")
    message = (
        f"Its process ended by itself with exit code {code} before the task returned. "
        "Return from the task, or raise, instead of ending the process."
    )
    return Outcome("failed", error=told("Exited", message, where=str(code)))


def line_lost(what: str) -> Outcome:
    """Return how a run ended that broke the line to its parent."""
    message = (
        f"{what}, so how the task ended is not known. Close only descriptors that the task opened."
    )
    return Outcome("failed", error=told("LineLost", message))


def _killed(name: str, out_of_memory: bool) -> Outcome:
    if out_of_memory:
        message = (
            f"Its process was killed by {name}: the host ran out of memory. Let the task hold less "
            "at once, or give the worker more memory."
        )
        return Outcome("failed", error=told("OutOfMemory", message))
    advice = ""
    if name == "SIGKILL":
        advice = " (out of memory?). See what the host's log says about it"
    elif name in CRASHES:
        advice = ": native code crashed. Look at the libraries that the task calls"
    message = f"Its process was killed by {name}{advice}."
    return Outcome("failed", error=told("Killed", message, where=name))


class MemoryWatch:
    """Tells whether the kernel has killed for want of memory since the last question."""

    def __init__(self) -> None:
        self._kills = _out_of_memory_kills()

    def killed(self) -> bool:
        before, self._kills = self._kills, _out_of_memory_kills()
        return self._kills > before


def _out_of_memory_kills() -> int:
    for path in (MEMORY_EVENTS, KERNEL_EVENTS):
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        counts = dict(line.split()[:2] for line in lines)
        if "oom_kill" in counts:
            return int(counts["oom_kill"])
    return 0
