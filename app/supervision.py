"""The parent's side of one child: forks it, gives it runs, listens, ends it when it must end."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from app.asking import StackAsker
from app.assignment import Assignment, Hearer
from app.catalogue import Catalogue
from app.deaths import MemoryWatch, line_lost, told_deaths
from app.endings import has_ended, kill_group, wait_status
from app.forking import Forked, fork
from app.outcomes import Outcome
from app.usage import Usage
from app.wear import Limits

log = logging.getLogger("rota.worker")

RECEIVE_BYTES = 65_536
LONGEST_MESSAGE = 16 * 1024 * 1024
ASSIGN_SECONDS = 5.0
# Of what is written straight to stdout while no run executes.
STRAY_LINES = 100
# In a shared child: how long a run that was asked to end may take, and then how long the others
# have to end by themselves, before the child is killed.
LETTING_GO_SECONDS = 5.0
SPARED_SECONDS = 5.0


class Supervision:
    """One child process and the runs it executes: one at a time, or many where it is `shared`."""

    def __init__(
        self, catalogue: Catalogue, limits: Limits, memory: MemoryWatch, *, shared: bool
    ) -> None:
        self.shared = shared
        self._memory = memory
        self._heard = b""
        self._heard_bytes = 0
        self._worn: str | None = None
        self._broken: Outcome | None = None
        self._killed = False
        self._spared_until: float | None = None
        self.assignments: dict[str, Assignment] = {}
        self.alive = True
        # Processor seconds that it had used before the present run.
        self.cpu_before = 0.0
        self._forked: Forked = fork(catalogue, limits, shared=shared)
        self.pid = self._forked.pid
        self.link = self._forked.link
        self._stacks = StackAsker(self.pid, self._forked.dumps)
        # What to call when a descriptor can be read.
        self.sources = self._read_from()

    @property
    def free(self) -> bool:
        """Whether it may be given a run."""
        return self.alive and self._worn is None and (self.shared or not self.assignments)

    @property
    def worn_out(self) -> bool:
        """Whether it takes no further run and has none."""
        return self._worn is not None and not self.assignments

    def _read_from(self) -> Mapping[int, Callable[[], None]]:
        outputs = {pipe.read_end: self._hear_output for pipe in self._forked.outputs}
        return {self.link.fileno(): self.listen, self._forked.dumps: self._hear_dump, **outputs}

    def assign(self, run: list[Any], run_id: str, hearer: Hearer) -> Assignment | None:
        """Give it a run; None where it has died, and nothing was begun."""
        assignment = Assignment(self, secrets.token_hex(8), run_id, hearer)
        try:
            words = ["run", assignment.key] if self.shared else [assignment.key]
            self._send([*words, *run])
        except OSError:
            kill_group(self.pid)
            self._reap()
            return None
        self.assignments[assignment.key] = assignment
        return assignment

    def listen(self) -> None:
        """Take in what it has said; afterwards some of its runs may have ended, or it has died."""
        if not self.alive:
            return
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
        if not self.alive or not has_ended(self.pid):
            return
        while self._listen_once():
            pass
        if self.alive:
            self._reap()

    def _listen_once(self) -> bool:
        before = self._heard_bytes
        self.listen()
        return self._heard_bytes > before

    def request_stop(self, assignment: Assignment) -> None:
        """Tell a run that the worker wants to stop."""
        if self.alive and self.shared:
            self._command("stop", assignment)
        elif self.alive:
            os.kill(self.pid, signal.SIGUSR1)

    def end(self, assignment: Assignment, outcome: Outcome) -> None:
        """End one run with `outcome`, unless it ends by itself before: at once, or where it shares
        the child as soon as it lets go of it."""
        if assignment.outcome is not None or assignment.ending_as is not None:
            return
        assignment.ending_as = outcome
        if self.shared:
            assignment.let_go_by = monotonic() + LETTING_GO_SECONDS
            self._command("end", assignment)
        else:
            self._kill()

    def give_up(self, assignment: Assignment, outcome: Outcome) -> None:
        """End one run that was asked to end and does not: kill the child, in time."""
        if assignment.outcome is not None:
            return
        assignment.ending_as = assignment.ending_as or outcome
        if not self.shared:
            self._kill()
            return
        assignment.let_go_by = assignment.let_go_by or monotonic()
        self.tend()

    def end_all(self, outcome: Outcome) -> None:
        """End all of its runs at once, with `outcome` unless they were ending already."""
        for assignment in list(self.assignments.values()):
            assignment.ending_as = assignment.ending_as or outcome
        self._kill()

    def tend(self) -> None:
        """Kill it where a run that shares it does not let go, once the others had their time."""
        stuck = [
            one
            for one in list(self.assignments.values())
            if one.let_go_by and one.outcome is None and monotonic() >= one.let_go_by
        ]
        if not stuck or not self.alive:
            return
        if self._spared_until is None:
            self._spared_until = monotonic() + SPARED_SECONDS
            self._worn = f"run {stuck[0].run_id} does not let go of it"
        if len(stuck) == len(self.assignments) or monotonic() >= self._spared_until:
            why = f"run {stuck[0].run_id}, with which it shared a process, had to be killed"
            self.end_all(Outcome("interrupted", reason=why))

    def ask_for_stack(self, assignment: Assignment) -> None:
        """Have its hearer told where a run is."""
        tell = partial(self._command, "stack", assignment) if self.shared else None
        self._stacks.ask(assignment, tell)

    def tend_stacks(self) -> None:
        """Go on with asking."""
        if self.alive:
            self._stacks.tend()

    def _hear_dump(self) -> None:
        if self.alive:
            self._stacks.hear()

    def dismiss(self) -> None:
        """End it when it has no run any more."""
        if self.alive:
            kill_group(self.pid)
            self._reap()

    def release(self, assignment: Assignment) -> str | None:
        """Let go of a run that ended; return why the child should be replaced, if it should."""
        self.assignments.pop(assignment.key, None)
        return self._worn

    # --- what is said ----------------------------------------------------------------------------

    def _command(self, verb: str, assignment: Assignment) -> None:
        # A child that hears no more is found dead, or given up.
        with suppress(OSError):
            self._send([verb, assignment.key])

    def _send(self, words: list[Any]) -> None:
        message = json.dumps(words).encode() + b"\n"
        sent = self.link.send(message)
        if sent < len(message):
            self.link.settimeout(ASSIGN_SECONDS)
            self.link.sendall(message[sent:])
            self.link.setblocking(False)

    def _understand(self, part: bytes) -> None:
        *lines, self._heard = (self._heard + part).split(b"\n")
        self._heard_bytes += len(part)
        try:
            for line in lines:
                self._take_in(*json.loads(line))
            if len(self._heard) > LONGEST_MESSAGE:
                raise ValueError("a message without an end")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.warning("Child %d is not understood: %s", self.pid, error)
            self._broken = line_lost("It wrote into the descriptor by which it answers")
            self._kill()

    def _take_in(self, key: str, kind: str, what: Any) -> None:
        assignment = self.assignments.get(key)
        if assignment is None or assignment.outcome is not None:
            return
        if kind == "end":
            outcome, dropped, worn, used = what
            self._worn = self._worn or worn
            assignment.used = Usage(*used[:2]) if used else None
            self.cpu_before = used[2] if used and not self.shared else 0.0
            self._pass_on_output(last=True)
            if dropped:
                assignment.hearer.hear("dropped", dropped)
            ended = Outcome(*outcome)
            asked = ended.kind == "stopped" and assignment.ending_as is not None
            assignment.outcome = assignment.ending_as if asked else ended
        elif kind == "stack":
            self._stacks.answered(assignment, what)
        elif kind == "thread":
            assignment.thread = what
        elif kind == "exits":
            assignment.exits = what
        else:
            assignment.hearer.hear(kind, what)

    def _hear_output(self) -> None:
        if self.alive:
            self._pass_on_output()

    def _pass_on_output(self, *, last: bool = False) -> None:
        room = max((one.hearer.room for one in self.assignments.values()), default=STRAY_LINES)
        for pipe in self._forked.outputs:
            written = pipe.read(room, last=last and len(self.assignments) == 1)
            if written is None:
                continue
            name = f"{pipe.name} of the process" if len(self.assignments) > 1 else pipe.name
            for assignment in self.assignments.values():
                assignment.hearer.hear("output", (pipe.level, name, written))
            if not self.assignments:
                for line in written.lines:
                    log.warning("Child %d: %s", self.pid, line)

    # --- its end ---------------------------------------------------------------------------------

    def _reap(self) -> None:
        status = wait_status(self.pid)
        if status is None:
            # It lives, but can tell nothing any more.
            self._broken = self._broken or line_lost("It closed its line to the worker")
            kill_group(self.pid)
            status = os.waitpid(self.pid, 0)[1]
        self.alive = False
        self._pass_on_output(last=True)
        self._bury(status)

    def _bury(self, status: int) -> None:
        dump = self._stacks.hear()
        self._forked.close()
        # What its run started and left in its group ends with it.
        kill_group(self.pid)
        going_on = [one for one in self.assignments.values() if one.outcome is None]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        out_of_memory = killed and not self._killed and self._memory.killed()
        deaths = told_deaths(
            [(one.thread, one.exits) for one in going_on],
            status,
            dump,
            self._broken,
            out_of_memory=out_of_memory,
        )
        for one, outcome in zip(going_on, deaths, strict=True):
            one.outcome = one.ending_as or outcome

    def _kill(self) -> None:
        self._killed = True
        kill_group(self.pid)
