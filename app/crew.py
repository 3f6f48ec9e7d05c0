"""The children of one worker: as many as runs may go on at once."""

from __future__ import annotations

import gc
import logging

from app.catalogue import Catalogue
from app.child import Limits
from app.deaths import MemoryWatch
from app.descendants import adopt_descendants, children, end_children
from app.listening import Listener
from app.supervision import Supervision

log = logging.getLogger("rota.worker")


class Crew:
    """Forks the children, replaces those that died or are worn, ends what they leave behind."""

    def __init__(self, catalogue: Catalogue, size: int, limits: Limits, listener: Listener) -> None:
        self._catalogue = catalogue
        self._size = size
        self._limits = limits
        self._listener = listener
        self._memory = MemoryWatch()
        # Whatever this process started before is not ours to end.
        self._spared = children()
        self.members: list[Supervision] = []
        adopt_descendants()
        # What is there now lives as long as the worker: children need not copy it to count it.
        gc.collect()
        gc.freeze()

    def fill(self) -> None:
        """Fork what is missing."""
        while len(self.members) < self._size:
            child = Supervision(self._catalogue, self._limits, self._memory)
            self._listener.add(child)
            self.members.append(child)

    def free(self) -> Supervision | None:
        """Return a child that may be given a run, a warm one if there is one."""
        return next((child for child in self.members if child.free), None)

    def bury(self) -> None:
        """Remove the dead, and end what they left behind."""
        dead = [child for child in self.members if not child.alive]
        if not dead:
            return
        for child in dead:
            self._listener.remove(child)
            self.members.remove(child)
        if not end_children(self._spared | {child.pid for child in self.members}):
            log.warning("Something that a run started does not end")

    def notice_deaths(self) -> None:
        """Look for dead children whose own children keep their lines open."""
        for child in self.members:
            child.notice_death()

    def dismiss(self, child: Supervision, why: str) -> None:
        """End a child that executes nothing."""
        log.debug("Child %d is replaced: %s", child.pid, why)
        self._listener.remove(child)
        child.dismiss()
        self.bury()

    def end(self) -> None:
        """End all of them."""
        for child in self.members:
            self._listener.remove(child)
            child.dismiss()
        self.bury()
