"""What a process and all below it use, read from /proc by their worker.

In a process of its own a run's figures are exact, also of what it had started and waited for. In a
shared one, processor time is known of threads only, and memory is that of the whole process.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.descendants import descendants_of, stat_of

Number = TypeVar("Number", int, float)

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/<pid>/stat after the program's name.
CPU_OWN, CPU_WAITED_FOR, RSS = slice(11, 13), slice(13, 15), 21


@dataclass(frozen=True)
class Usage:
    """Processor seconds and bytes of memory; None where nobody knows."""

    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None

    def at_least(self, other: Usage) -> Usage:
        """Return the larger of both, each by itself."""
        return Usage(
            _largest(self.cpu_seconds, other.cpu_seconds),
            _largest(self.max_rss_bytes, other.max_rss_bytes),
        )


@dataclass(frozen=True)
class Sample:
    """What a process and those below it have used by now, and hold now."""

    cpu_seconds: float
    rss_bytes: int


def sampled(pid: int) -> Sample | None:
    """Return what /proc tells of a process and all below it, None where it tells nothing."""
    own = stat_of(pid)
    if not own:
        return None
    ticks = sum(map(int, own[CPU_OWN] + own[CPU_WAITED_FOR]))
    pages = int(own[RSS])
    for below in descendants_of(pid):
        fields = stat_of(below)
        if fields:
            ticks += sum(map(int, fields[CPU_OWN] + fields[CPU_WAITED_FOR]))
            pages += int(fields[RSS])
    return Sample(ticks / TICKS, pages * PAGE)


class Meter:
    """Measures the run that has this process for itself, from within."""

    def __init__(self) -> None:
        self._reset = _open_reset()
        self._before = process_cpu()

    def begin(self) -> None:
        """Start over: the highest memory is that of the run that begins."""
        if self._reset is not None:
            # Else it stays the highest that the process ever had.
            with suppress(OSError):
                os.pwrite(self._reset, b"5", 0)

    def read(self) -> list[float]:
        """Return what the run has used: processor seconds and most bytes of memory; and how many
        seconds the process in all."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        total = process_cpu()
        most = peak * (1 if sys.platform == "darwin" else 1024)
        # Between two runs the process only waits.
        used, self._before = total - self._before, total
        return [round(used, 6), most, total]


def process_cpu() -> float:
    """Return the processor seconds of this process and of those it has waited for."""
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + below.ru_utime + below.ru_stime


def _open_reset() -> int | None:
    with suppress(OSError):
        return os.open(Path("/proc/self/clear_refs"), os.O_WRONLY | os.O_CLOEXEC)
    return None


def _largest(one: Number | None, other: Number | None) -> Number | None:
    known = [value for value in (one, other) if value is not None]
    return max(known, default=None)
