"""The children of one worker: for runs that have a process for themselves, as many as may go on at
once; for those of tasks that share one, a further child when the first such run comes."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from collections.abc import Sequence

from app.catalogue import Catalogue
from app.deaths import MemoryWatch
from app.descendants import adopt_descendants, children, end_children
from app.listening import Listener
from app.supervision import Supervision
from app.sweeper import Sweeper
from app.taking import Taken
from app.wear import Limits

log = logging.getLogger("rota.worker")


class Crew:
    """Forks the children, replaces those that died or are worn, ends what they leave behind."""

    def __init__(self, catalogue: Catalogue, size: int, limits: Limits, listener: Listener) -> None:
        self._catalogue = catalogue
        self._size = size
        self._limits = limits
        self._listener = listener
        self._memory = MemoryWatch()
        self._sweeper = Sweeper()
        # Whatever this process started before is not ours to end.
        self._spared = children() | {self._sweeper.pid}
        self._sharing = {name: task.together for name, task in catalogue.tasks.items()}
        self._sharing = {name: most for name, most in self._sharing.items() if most > 1}
        self._going_on: Counter[str] = Counter()
        self.members: list[Supervision] = []
        adopt_descendants()
        # What is there now lives as long as the worker: children need not copy it to count it.
        gc.collect()
        gc.freeze()

    def fill(self) -> None:
        """Fork what is missing."""
        while sum(not child.shared for child in self.members) < self._size:
            self._fork(shared=False)

    def allowed(self, taking: Sequence[str] = ()) -> str | None:
        """Return which runs could begin now, in `take`'s form; None where none could.

        `taking` is what is being taken already: there has to be room for that as well.
        """
        full = [
            name
            for name, most in self._sharing.items()
            if self._going_on[name] + sum(_may_be(name, allowed) for allowed in taking) >= most
        ]
        alone = sum(not allowed.startswith("+") for allowed in taking)
        if sum(child.free for child in self.members if not child.shared) > alone:
            return f"-|{'|'.join(full)}|" if full else ""
        some = [name for name in self._sharing if name not in full]
        return f"+|{'|'.join(some)}|" if some else None

    def child_for(self, taken: Taken) -> Supervision | None:
        """Return a child that may be given the run, a warm one if there is one."""
        if not self._shares(taken):
            return self._free()
        shared = next((child for child in self.members if child.shared and child.free), None)
        return shared or self._fork(shared=True)

    def begun(self, taken: Taken) -> None:
        """Count a run that begins in a shared child."""
        if self._shares(taken):
            self._going_on[str(taken.static["task_id"])] += 1

    def ended(self, taken: Taken) -> None:
        """Count it no longer."""
        if self._shares(taken):
            self._going_on[str(taken.static["task_id"])] -= 1

    def tend(self) -> None:
        """Keep the times of children that are to end."""
        for child in list(self.members):
            child.tend()

    def tend_stacks(self) -> None:
        """Go on with asking children where their runs are."""
        for child in self.members:
            child.tend_stacks()

    def bury(self) -> None:
        """Remove the dead, and end what they left behind."""
        dead = [child for child in self.members if not child.alive]
        if not dead:
            return
        for child in dead:
            self._listener.remove(child.sources)
            self.members.remove(child)
            self._sweeper.removed(child.pid)
        if not end_children(self._spared | {child.pid for child in self.members}):
            log.warning("Something that a run started does not end")

    def notice_deaths(self) -> None:
        """Look for dead children whose own children keep their lines open."""
        for child in self.members:
            child.notice_death()

    def dismiss(self, child: Supervision, why: str) -> None:
        """End a child that executes nothing."""
        log.debug("Child %d is replaced: %s", child.pid, why)
        child.dismiss()
        self.bury()

    def end(self) -> None:
        """End all of them."""
        for child in self.members:
            child.dismiss()
        self.bury()
        self._sweeper.end()

    def _free(self) -> Supervision | None:
        return next((child for child in self.members if child.free and not child.shared), None)

    def _shares(self, taken: Taken) -> bool:
        return not taken.alone and str(taken.static.get("task_id")) in self._sharing

    def _fork(self, *, shared: bool) -> Supervision:
        # Else the numbers of a dead child's descriptors, given out again, would seem taken.
        self.bury()
        child = Supervision(self._catalogue, self._limits, self._memory, shared=shared)
        self._sweeper.added(child.pid)
        self._listener.add(child.sources)
        self.members.append(child)
        return child


def _may_be(name: str, allowed: str) -> bool:
    """Tell whether what is taken under `allowed` may be a run of this task."""
    return (f"|{name}|" in allowed) == allowed.startswith("+")
