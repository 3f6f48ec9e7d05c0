"""Forking a child, with the lines between it and its parent."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass

from app.catalogue import Catalogue
from app.child import live
from app.descendants import die_with_parent
from app.descriptors import hide_lines, moved_high, put_in_place
from app.output import OutputPipe, output_pipes
from app.shared_child import live_shared
from app.wear import Limits

DUMP_BYTES = 65_536
# Tells the interpreter to dump its stacks; tasks hardly use one of the real-time signals.
DUMP_SIGNAL = int(getattr(signal, "SIGRTMAX", signal.SIGUSR2)) - 3


@dataclass(frozen=True)
class Forked:
    """A child as its parent holds it. `dumps` is where the interpreter writes its stacks to."""

    pid: int
    link: socket.socket
    outputs: tuple[OutputPipe, OutputPipe]
    dumps: int

    def close(self) -> None:
        """Close all lines."""
        self.link.close()
        os.close(self.dumps)
        for pipe in self.outputs:
            pipe.close()


def fork(catalogue: Catalogue, limits: Limits, *, shared: bool) -> Forked:
    """Fork a child that lives until it is killed or its parent hangs up."""
    ours, theirs = socket.socketpair()
    outputs = output_pipes()
    dumps, dumps_in = os.pipe()
    os.set_blocking(dumps, False)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setpgrp()
            die_with_parent(parent)
            link = _child_lines(theirs.detach(), outputs, dumps_in)
            (live_shared if shared else live)(link, catalogue, limits)
        finally:
            # Whatever went wrong, a child must never go on as a second worker.
            os._exit(1)
    _lead_group(pid)
    theirs.close()
    os.close(dumps_in)
    ours.setblocking(False)
    return Forked(pid, ours, outputs, dumps)


def _child_lines(line: int, outputs: tuple[OutputPipe, OutputPipe], dumps: int) -> socket.socket:
    line, dumps = moved_high(line), moved_high(dumps)
    for pipe in outputs:
        put_in_place(pipe.write_end, pipe.number)
    faulthandler.enable(dumps)
    faulthandler.register(DUMP_SIGNAL, dumps)
    hide_lines((line, dumps))
    return socket.socket(fileno=line)


def _lead_group(pid: int) -> None:
    # The child does the same: whoever comes first, a kill right after the fork finds the group.
    with suppress(ProcessLookupError, PermissionError):
        os.setpgid(pid, pid)
