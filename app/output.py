"""What a child and the programs it starts write straight to descriptors 1 and 2."""

from __future__ import annotations

import os
from dataclasses import dataclass

READ_BYTES = 65_536
# A pipe holds as much; what is written meanwhile is the next run's.
READS_AT_ONCE = 16
LONGEST_LINE = 8_000


@dataclass(frozen=True)
class Written:
    """Whole lines, the first `most` of them; and how many more there were."""

    lines: list[str]
    more: int


class OutputPipe:
    """A pipe that stands for a descriptor of the child; the parent reads it line by line."""

    def __init__(self, number: int, level: str, name: str) -> None:
        self.number, self.level, self.name = number, level, name
        self.read_end, self.write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self._rest = b""

    def close(self) -> None:
        """Read no more. The other end stays open until then, or a task could close the pipe."""
        os.close(self.read_end)
        os.close(self.write_end)

    def read(self, most: int, *, last: bool = False) -> Written | None:
        """Return what has been written since, at most so many lines; None where nothing was.

        `last`: the run is over, so that a line without an end is one too.
        """
        part = b""
        for _ in range(READS_AT_ONCE if last else 1):
            try:
                read = os.read(self.read_end, READ_BYTES)
            except BlockingIOError:
                break
            part += read
            if len(read) < READ_BYTES:
                break
        if not part and not (last and self._rest):
            return None
        if not most:
            whole, end, rest = (self._rest + part).rpartition(b"\n")
            self._rest = b"" if last else rest[:LONGEST_LINE]
            return Written([], (whole + end).count(b"\n") + bool(last and rest))
        *lines, self._rest = (self._rest + part).split(b"\n")
        if self._rest and (last or len(self._rest) > LONGEST_LINE):
            lines.append(self._rest)
            self._rest = b""
        kept = [line[:LONGEST_LINE].decode("utf-8", "backslashreplace") for line in lines[:most]]
        return Written(kept, len(lines) - len(kept))


def output_pipes() -> tuple[OutputPipe, OutputPipe]:
    """Return pipes that stand for stdout and stderr."""
    return OutputPipe(1, "INFO", "stdout"), OutputPipe(2, "WARNING", "stderr")
