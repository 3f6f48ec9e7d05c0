"""Start real processes, kill them, wait for what they do.

Every process dies with the test that started it, and with the test run even if that is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

Answer = TypeVar("Answer")

# Runs in a fresh interpreter between fork and exec. It asks the kernel for SIGKILL when the test
# process dies; that wish is lost when the user changes, so the user changes first.
_LAUNCHER = """
import ctypes, os, sys
parent, user, group, *argv = sys.argv[1:]
if user != "-":
    os.setgroups([]); os.setgid(int(group)); os.setuid(int(user))
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
if os.getppid() == int(parent):
    os.execvp(argv[0], argv)
"""


@dataclass
class Process:
    """A started program, leader of its own process group; its output goes to a file."""

    argv: list[str]
    popen: subprocess.Popen[bytes]
    _file: IO[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def output(self) -> str:
        """What it has written so far, standard output and error together."""
        size = os.fstat(self._file.fileno()).st_size
        return os.pread(self._file.fileno(), size, 0).decode(errors="replace")

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def wait(self, timeout: float = 10) -> int:
        """Return its exit code (negative: the signal); fails with its output after `timeout` s."""
        wait_until(lambda: not self.alive, timeout, f"the end of {self}")
        return self.popen.wait()

    def end(self) -> None:
        """Kill its whole process group, if it still runs, and forget its output."""
        with suppress(ProcessLookupError):
            kill(self, signal.SIGKILL, group=True)
        self.popen.wait()
        self._file.close()

    def __str__(self) -> str:
        return f"`{' '.join(self.argv)}` ({self.pid})"


started: list[Process] = []
"""What the running test started; `conftest.py` ends it and shows its output on failure."""


def start_process(
    argv: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
) -> Process:
    """Start `argv` with `env` added to this environment, optionally as another (uid, gid).

    Call it from the main thread: the process dies with the thread that started it.
    """
    process = launch(argv, env, cwd, user)
    started.append(process)
    return process


def launch(
    argv: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
) -> Process:
    """Start a process that outlives the test: for servers of the whole session."""
    words = [str(word) for word in argv]
    who = [str(number) for number in user] if user else ["-", "-"]
    file = tempfile.TemporaryFile()  # noqa: SIM115 - Process.end closes it
    popen = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *who, *words],
        stdin=subprocess.DEVNULL,
        stdout=file,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        start_new_session=True,
    )
    return Process(words, popen, file)


def kill(process: Process, number: signal.Signals = signal.SIGKILL, *, group: bool = False) -> None:
    """Send a signal to a process, or to all of its process group."""
    if group:
        os.killpg(process.pid, number)
    else:
        process.popen.send_signal(number)


def wait_until(
    predicate: Callable[[], Answer | None], timeout: float = 10, what: str = "the expected state"
) -> Answer:
    """Return the first true answer of `predicate`; fails after `timeout` seconds, naming `what`."""
    deadline = time.monotonic() + timeout
    while not (answer := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(0.02)
    return answer


def die_with_parent() -> None:
    """Ask the kernel (Linux only) to kill this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def end_all() -> None:
    """End everything that `start_process` started, the newest first."""
    while started:
        started.pop().end()
