"""What a child keeps of the descriptors that it inherits: nothing by which it could harm others.

A task that writes to or closes descriptors that it did not open must neither speak to Redis in its
worker's name nor forge how it ended.
"""

from __future__ import annotations

import fcntl
import os
import random
import resource
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

# Beyond what a program opens by itself, and below the usual limit of 1,024.
LOWEST, HIGHEST = 500, 1_000


def moved_high(descriptor: int) -> int:
    """Return a copy of a descriptor at a high number, and close it."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = random.randrange(LOWEST, HIGHEST) if soft > HIGHEST else 3  # noqa: S311 - no secret
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(descriptor)
    return copy


def put_in_place(descriptor: int, number: int) -> None:
    """Make `number` mean what `descriptor` means, also for programs, and close the latter."""
    os.dup2(descriptor, number)
    os.close(descriptor)


def close_all_but(descriptor: int) -> None:
    """Close everything above stderr except one."""
    for number in _open_descriptors():
        if number > 2 and number != descriptor:
            with suppress(OSError):
                os.close(number)


def hide_lines(spared: Collection[int]) -> None:
    """Put nothing behind every inherited socket, pipe and poll but the spared ones.

    They are not closed, because their old owners in this process may still close their numbers.
    Files that modules opened stay.
    """
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in _open_descriptors():
        if descriptor > 2 and descriptor not in (*spared, nothing) and _is_line(descriptor):
            os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def _open_descriptors() -> list[int]:
    with suppress(OSError):
        return [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    return list(range(3, 256))


def _is_line(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    # Polls and their like have no type at all.
    return stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode) or stat.S_IFMT(mode) == 0
