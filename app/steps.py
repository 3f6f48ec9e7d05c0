"""The steps of a worker that are on their way to Redis: each ends a run, takes one, or does both.

Redis works at them in their order while the worker goes on listening to its children.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from app.connection import SOCKET_TIMEOUT
from app.execution import RunExecution
from app.outcomes import Ending
from app.posts import Post
from app.script_line import ScriptLine
from app.taking import Advanced, Step, advance, next_step, understood

# How often RQ's readers are told which run a busy worker has.
ANNOUNCE_SECONDS = 1.0


@dataclass(frozen=True)
class Sent:
    """A step without an answer. `allowed` says which runs it may take (take.lua), None: none."""

    step: Step
    ended: RunExecution | None
    ending: Ending | None
    allowed: str | None
    others: int
    sent_at: float


class Steps:
    """Sends them, and tells what they did in the order in which they were sent."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.line = ScriptLine(post.redis, "advance")
        self._sent: deque[Sent] = deque()
        self._busy_told = False
        self._announce_at = 0.0

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def taking(self) -> list[str]:
        """What those may take that may take anything."""
        return [one.allowed for one in self._sent if one.allowed is not None]

    @property
    def overdue(self) -> bool:
        """Whether an answer is waited for too long."""
        return bool(self._sent) and monotonic() > self._sent[0].sent_at + SOCKET_TIMEOUT

    def send(self, ended: RunExecution | None, allowed: str | None, running: int) -> None:
        """Send a step; `running` is how many other executions go on."""
        written, ending = ended.ended() if ended is not None else (None, None)
        # What is about to be taken goes on as well, as far as anybody knows.
        others = running + len(self.taking)
        announce = not self._busy_told or monotonic() >= self._announce_at
        step = next_step(
            self._post.catalogue,
            self._post.worker,
            self._queues(allowed),
            written,
            others,
            announce,
            allowed=allowed or "",
        )
        self._sent.append(Sent(step, ended, ending, allowed, others, monotonic()))
        if announce:
            self._announce_at = monotonic() + ANNOUNCE_SECONDS
        self.line.send(step.keys, step.arguments)

    def answer(self) -> tuple[Sent, Advanced]:
        """Wait for the answer to the oldest. Raises redis errors: then all of them are `lost`."""
        post, one = self._post, self._sent[0]
        done = understood(post.redis, post.catalogue, post.worker, one.step, self.line.answer())
        self._sent.popleft()
        self._busy_told = done.taken is not None or one.others > 0
        return one, done

    def go_on(self, one: Sent, done: Advanced) -> Advanced:
        """Take what is left after something stood in the way. Raises redis errors."""
        post = self._post
        queues = self._queues(one.allowed)
        return advance(
            post.redis,
            post.catalogue,
            post.worker,
            queues,
            None,
            one.others,
            allowed=one.allowed or "",
            approved=done.approved,
        )

    def lost(self) -> list[RunExecution]:
        """Forget what is on its way; return the executions whose ends may not be written."""
        self.line.close()
        ended = [one.ended for one in self._sent if one.ended is not None]
        self._sent.clear()
        return ended

    def _queues(self, allowed: str | None) -> Sequence[str]:
        return self._post.queues() if allowed is not None else ()
