"""How a child's process died, told so that somebody can do something about it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

from app.failures import told
from app.outcomes import Outcome

CRASHES = frozenset({"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS"})
# The exit code of a child that can no longer speak to its parent.
LINE_LOST = 70
# What faulthandler writes of the thread that crashed.
CURRENT_THREAD = re.compile(r"^Current thread 0x([0-9a-f]+)", re.MULTILINE)
EXTENSIONS = re.compile(r"^Extension modules: .*$", re.MULTILINE)
MEMORY_EVENTS = Path("/sys/fs/cgroup/memory.events")
KERNEL_EVENTS = Path("/proc/vmstat")


def told_deaths(
    runs: Sequence[tuple[int | None, int | None]],
    status: int,
    dump: str,
    broken: Outcome | None,
    *,
    out_of_memory: bool,
) -> list[Outcome]:
    """Return how each run ended whose process died with this wait status.

    A run is given as (its thread, the exit code with which it ended the process). Of several runs
    it is told which one did it where that is known: the others are innocent. Where it is not, each
    starts again, alone in a process, so that the next time tells.
    """
    own = broken or died(status, out_of_memory=out_of_memory, dump=dump)
    suspects = _suspects(runs, dump)
    if len(suspects) == 1:
        innocent = Outcome("interrupted", reason="another run crashed the process that it shared")
        return [own if number in suspects else innocent for number in range(len(runs))]
    message = (own.error or {}).get("message", "")
    suspected = Outcome("crashed", reason=f"its process, shared with other runs, died: {message}")
    innocent = Outcome("interrupted", reason="other runs crashed the process that it shared")
    return [suspected if number in suspects else innocent for number in range(len(runs))]


def _suspects(runs: Sequence[tuple[int | None, int | None]], dump: str) -> list[int]:
    every = list(range(len(runs)))
    leavers = [number for number in every if runs[number][1] is not None]
    crashed = CURRENT_THREAD.search(dump)
    thread = int(crashed[1], 16) if crashed else None
    crashers = [number for number in every if thread is not None and runs[number][0] == thread]
    return leavers or crashers or every


def died(status: int, *, out_of_memory: bool, dump: str = "") -> Outcome:
    """Return how a run ended whose process ended, by its wait status, before the task returned.

    `dump` is what the interpreter wrote of its stacks when native code crashed.
    """
    if os.WIFSIGNALED(status):
        return _killed(signal.Signals(os.WTERMSIG(status)).name, out_of_memory, dump)
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


def _killed(name: str, out_of_memory: bool, dump: str) -> Outcome:
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
    trace = f"{EXTENSIONS.sub('', dump).strip()}\n\nKilled: {message}" if dump else ""
    return Outcome("failed", error=told("Killed", message, trace, where=name))


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
