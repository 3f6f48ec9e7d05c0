"""The worker's own lines about runs: every bad end, and of good ones as many as can be read."""

from __future__ import annotations

import logging
from time import monotonic

from app.outcomes import Ending
from app.taking import Taken

log = logging.getLogger("rota.worker")

LINES_A_SECOND = 20


class RunLines:
    """Tells of runs that ended; beyond so many good ones a second it only counts them."""

    def __init__(self) -> None:
        self._second = 0
        self._lines = 0
        self._more = 0

    def ended(self, taken: Taken, ending: Ending, *, written: bool) -> None:
        """Tell how a run ended."""
        if not written:
            log.warning(
                "Run %s: %s (another execution has it: not written)", taken.run_id, ending.status
            )
        elif ending.status != "succeeded":
            log.info("Run %s: %s (attempt %d)", taken.run_id, ending.status, taken.attempt)
        elif self._has_room():
            log.info("Run %s: succeeded", taken.run_id)
        else:
            self._more += 1

    def flush(self, *, last: bool = False) -> None:
        """Tell of those that were only counted, once a second."""
        if self._more and (last or int(monotonic()) != self._second):
            log.info("%d more runs succeeded", self._more)
            self._more = 0

    def _has_room(self) -> bool:
        second = int(monotonic())
        if second != self._second:
            self.flush()
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= LINES_A_SECOND
