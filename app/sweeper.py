"""A process that outlives its worker by a moment, to end what that one can end no more.

A child ends its own programs when its worker dies, unless it hangs in native code. Killing the
child then would only cut its programs loose; so the sweeper stops it, kills what is below it, and
then the child. It knows the children by pid and time of birth, so that it hits nobody else.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from time import monotonic, sleep

from app.descendants import SWEEP_SECONDS, born_at, descendants_of, is_dead
from app.descriptors import close_all_but


class Sweeper:
    """The worker's side: tells which children there are."""

    def __init__(self) -> None:
        heard, self._told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _sweep_after(heard)
            finally:
                os._exit(0)
        os.close(heard)

    def added(self, pid: int) -> None:
        """Sweep up this child if need be."""
        self._tell(f"+ {pid} {born_at(pid)}\n")

    def removed(self, pid: int) -> None:
        """No longer."""
        self._tell(f"- {pid} 0\n")

    def end(self) -> None:
        """End it; it sweeps up what is still there."""
        os.close(self._told)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _tell(self, line: str) -> None:
        # Somebody may have killed it: then the children are left to themselves.
        with suppress(OSError):
            os.write(self._told, line.encode())


def _sweep_after(heard: int) -> None:
    # Whoever signals the worker's group or session does not mean this.
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    close_all_but(heard)
    known: dict[int, str] = {}
    with os.fdopen(heard, encoding="ascii") as lines:
        for line in lines:
            verb, pid, born = line.split()
            if verb == "+":
                known[int(pid)] = born
            else:
                known.pop(int(pid), None)
    for child in [one for one, birth in known.items() if born_at(one) == birth]:
        _end_tree(child)


def _end_tree(pid: int) -> None:
    _signal(pid, signal.SIGSTOP)
    deadline = monotonic() + SWEEP_SECONDS
    while (below := [one for one in descendants_of(pid) if not is_dead(one)]) and (
        monotonic() < deadline
    ):
        for one in below:
            _signal(one, signal.SIGKILL)
        sleep(0.001)
    _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
