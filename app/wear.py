"""When a child has executed enough."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True)
class Limits:
    """When a child is replaced by a fresh one, and how much it may ask for; megabytes."""

    runs: int = 1_000
    seconds: float = 3_600.0
    growth_mb: int = 256
    memory_mb: int | None = None


class Wear:
    """Tells when a process has executed enough."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._runs = 0
        self._end_by = monotonic() + limits.seconds
        self._most_memory = _peak_mb() + limits.growth_mb

    def after_run(self) -> str | None:
        """Count a run; return why the process should take no further one, if it should."""
        self._runs += 1
        if self._runs >= self._limits.runs:
            return f"it executed {self._runs} runs"
        if monotonic() > self._end_by:
            return f"it is older than {self._limits.seconds:.0f} s"
        if (peak := _peak_mb()) > self._most_memory:
            return f"it used {peak:.0f} MB"
        return None


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
