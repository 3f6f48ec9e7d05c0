"""The parent's side of one execution: forks the child, listens, ends it when it must end."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

from app.child import die_with_parent, execute
from app.context import CurrentRun
from app.failures import told
from app.outcomes import Outcome
from app.tasks import Task

log = logging.getLogger("rota.worker")

# After its own alarm a child has this long to end; then it hangs in C code or caught the alarm.
HARD_TIMEOUT_GRACE = 5.0
LISTEN_SECONDS = 0.25
RECEIVE_BYTES = 65_536


class Supervision:
    """One child and what it said. `step` is called until `outcome` is there."""

    def __init__(
        self,
        task: Task[Any, Any],
        arguments: dict[str, Any],
        run: CurrentRun,
        hear: Callable[[str, Any], None],
    ) -> None:
        self._task = task
        self._hear = hear
        self._heard = b""
        self._ending: Outcome | None = None
        self._killed_as: Outcome | None = None
        self.outcome: Outcome | None = None
        self._kill_at = monotonic() + task.timeout_seconds + HARD_TIMEOUT_GRACE
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setpgrp()
                die_with_parent(parent)
                ours.close()
                execute(task, arguments, run, theirs)
            finally:
                # Whatever went wrong, a child must never go on as a second worker.
                os._exit(1)
        self._lead_group()
        theirs.close()
        self._link = ours
        self._link.settimeout(LISTEN_SECONDS)

    def step(self) -> None:
        """Listen for a moment; afterwards `outcome` may be there."""
        try:
            part = self._link.recv(RECEIVE_BYTES)
        except TimeoutError:
            part = None
        if part:
            self._understand(part)
        elif part == b"":
            self._reap(os.waitpid(self.pid, 0)[1])
        else:
            self._reap_silent()
        if self.outcome is None and monotonic() > self._kill_at:
            seconds = self._task.timeout_seconds
            message = f"It ran longer than its time-out of {seconds} s and did not let itself end."
            self.kill(Outcome("failed", error=told("TimedOut", message)))

    def request_stop(self) -> None:
        """Tell the task that the worker wants to stop."""
        os.kill(self.pid, signal.SIGUSR1)

    def kill(self, outcome: Outcome) -> None:
        """End the child and all it started, at once; `outcome` is then how it ended."""
        self._killed_as = outcome
        self._kill_group()

    def _lead_group(self) -> None:
        # The child does the same: whoever comes first, a kill right after the fork finds the group.
        try:
            os.setpgid(self.pid, self.pid)
        except ProcessLookupError:
            log.debug("Child %d is gone already", self.pid)

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            log.debug("Process group %d is gone already", self.pid)

    def _understand(self, part: bytes) -> None:
        *lines, self._heard = (self._heard + part).split(b"\n")
        for line in lines:
            kind, what = json.loads(line)
            if kind == "end":
                self._ending = Outcome(**what)
            else:
                self._hear(kind, what)

    def _reap_silent(self) -> None:
        """Notice the end of a child whose own children hold its end of the link open."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self._reap(status)

    def _reap(self, status: int) -> None:
        self._link.close()
        # What the task started and left behind ends with it.
        self._kill_group()
        self.outcome = self._ending or self._killed_as or _died(status)


def _died(status: int) -> Outcome:
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        message = f"Its process was killed by {name}" + (
            " (out of memory?)" if name == "SIGKILL" else ""
        )
        return Outcome("failed", error=told("Killed", message, where=name))
    code = os.waitstatus_to_exitcode(status)
    message = f"Its process ended by itself with exit code {code} before the task returned."
    return Outcome("failed", error=told("Exited", message, where=str(code)))
