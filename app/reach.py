"""How far an account's acts reach: all tasks and queues, or those that match its patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from app.errors import Invalid

PATTERN = re.compile(r"[A-Za-z0-9_*?-]{1,96}")
MOST_PATTERNS = 20
ALLOWED = f"up to {MOST_PATTERNS} patterns such as sync_* or low, separated by commas"


@dataclass(frozen=True)
class Reach:
    """Patterns with `*` and `?`; none at all means everything."""

    tasks: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()

    @property
    def limited(self) -> bool:
        return bool(self.tasks or self.queues)

    def holds_task(self, task_id: str, queue: str) -> bool:
        """Tell whether acts on this task, whose runs wait in `queue`, are within reach."""
        return _fits(self.tasks, task_id) and _fits(self.queues, queue)

    def holds_queue(self, queue: str) -> bool:
        """Tell whether acts on a whole queue are: never for who is limited to some tasks."""
        return not self.tasks and _fits(self.queues, queue)

    def told(self) -> str:
        """Say it in words."""
        parts = (("tasks", self.tasks), ("queues", self.queues))
        return " and ".join(f"{what} {', '.join(given)}" for what, given in parts if given)


EVERYTHING = Reach()


def reach_of(tasks: str | None, queues: str | None) -> Reach:
    """Read two lists of patterns as they are stored and typed. Raises Invalid."""
    wrong = {}
    found = {"tasks": _patterns(tasks), "queues": _patterns(queues)}
    for name, patterns in found.items():
        if len(patterns) > MOST_PATTERNS or not all(map(PATTERN.fullmatch, patterns)):
            wrong[name] = ALLOWED
    if wrong:
        raise Invalid("These are no patterns.", wrong)
    return Reach(**found)


def _patterns(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _fits(patterns: Sequence[str], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)
