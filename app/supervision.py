"""The parent's side of one child: forks it, gives it runs, listens, ends it when it must end."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

from app.catalogue import Catalogue
from app.child import Limits, live
from app.deaths import MemoryWatch, died, line_lost
from app.descendants import die_with_parent
from app.outcomes import Outcome

log = logging.getLogger("rota.worker")

RECEIVE_BYTES = 65_536
LONGEST_MESSAGE = 16 * 1024 * 1024
# How long a child may take to end after it hung up; it gives back its memory meanwhile.
ENDING_SECONDS = 2.0
ASSIGN_SECONDS = 5.0

Hear = Callable[[str, Any], None]


class Supervision:
    """One child process and the run it executes, if any.

    `outcome` is how that run ended, once it has; `hear` gets what the run says meanwhile.
    """

    def __init__(self, catalogue: Catalogue, limits: Limits, memory: MemoryWatch) -> None:
        self._memory = memory
        self._heard = b""
        self._heard_bytes = 0
        self._hear: Hear | None = None
        self._killed_as: Outcome | None = None
        self._worn: str | None = None
        self.outcome: Outcome | None = None
        self.alive = True
        self.link, theirs = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setpgrp()
                die_with_parent(parent)
                self.link.close()
                live(theirs, catalogue, limits)
            finally:
                # Whatever went wrong, a child must never go on as a second worker.
                os._exit(1)
        self._lead_group()
        theirs.close()
        self.link.setblocking(False)

    @property
    def free(self) -> bool:
        """Whether it may be given a run."""
        return self.alive and self._hear is None and self._worn is None

    def assign(self, assignment: bytes, hear: Hear) -> bool:
        """Give it a run as one JSON line; False where it has died, and nothing was begun."""
        self.outcome = self._killed_as = None
        try:
            self._send(assignment)
        except OSError:
            self._kill_group()
            self._reap()
            return False
        self._hear = hear
        return True

    def listen(self) -> None:
        """Take in what it has said; afterwards `outcome` may be there, or it has died."""
        try:
            part = self.link.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            part = b""
        if part:
            self._understand(part)
        else:
            self._reap()

    def notice_death(self) -> None:
        """Find out whether it has died while what it started holds its end of the link open."""
        if not self.alive or not self._has_ended():
            return
        while self._listen_once():
            pass
        if self.link.fileno() >= 0:
            self._reap()

    def _listen_once(self) -> bool:
        before = self._heard_bytes
        self.listen()
        return self._heard_bytes > before

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def request_stop(self) -> None:
        """Tell its run that the worker wants to stop."""
        if self.alive:
            os.kill(self.pid, signal.SIGUSR1)

    def kill(self, outcome: Outcome) -> None:
        """End it at once; its run then ended with `outcome`, unless another was given before."""
        self._killed_as = self._killed_as or outcome
        self._kill_group()

    def dismiss(self) -> None:
        """End it when it has no run any more."""
        if self.alive:
            self._kill_group()
            self._reap()

    def release(self) -> str | None:
        """Let go of the run that ended; return why the child should be replaced, if it should."""
        self._hear = None
        return self._worn

    def _send(self, assignment: bytes) -> None:
        sent = self.link.send(assignment)
        if sent < len(assignment):
            self.link.settimeout(ASSIGN_SECONDS)
            self.link.sendall(assignment[sent:])
            self.link.setblocking(False)

    def _understand(self, part: bytes) -> None:
        *lines, self._heard = (self._heard + part).split(b"\n")
        self._heard_bytes += len(part)
        try:
            for line in lines:
                self._take_in(*json.loads(line))
            if len(self._heard) > LONGEST_MESSAGE:
                raise ValueError("a message without an end")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("Child %d is not understood: %s", self.pid, error)
            self.kill(line_lost("It wrote into the descriptor by which it answers"))

    def _take_in(self, kind: str, what: Any) -> None:
        if self._hear is None or self.outcome is not None:
            return
        if kind == "end":
            outcome, dropped, self._worn = what
            if dropped:
                self._hear("dropped", dropped)
            self.outcome = Outcome(*outcome)
        else:
            self._hear(kind, what)

    def _reap(self) -> None:
        status = self._status()
        if status is None:
            # It lives, but can tell nothing any more.
            self._killed_as = self._killed_as or line_lost("It closed its line to the worker")
            self._kill_group()
            status = os.waitpid(self.pid, 0)[1]
        self.alive = False
        self.link.close()
        # What its run started and left in its group ends with it.
        self._kill_group()
        if self._hear is not None and self.outcome is None:
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            out_of_memory = killed and self._memory.killed()
            self.outcome = self._killed_as or died(status, out_of_memory=out_of_memory)

    def _status(self) -> int | None:
        """Wait for its wait status; None where it goes on. An ending process hangs up first."""
        deadline = monotonic() + ENDING_SECONDS
        while monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return status
            sleep(0.0005)
        return None

    def _lead_group(self) -> None:
        # The child does the same: whoever comes first, a kill right after the fork finds the group.
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(self.pid, self.pid)

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
