"""A scheduler process on a host whose clock is wrong, or that freezes at the worst moment.

`python -m tests.engine.odd_scheduler [--skew SECONDS] [--lease-ms N] [--freeze-when FILE]`
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from app import leader
from app.cli import main
from app.fire_block import Block
from app.firing import Firing


def freeze_when(file: Path) -> None:
    """Stop this process once, after it judged what is due and before it writes that.

    `file` orders it; then it is renamed, and says afterwards how the late write ended.
    """
    fire = Firing._fire
    send = Firing._send

    def send_late(self: Firing, lock: str, blocks: Sequence[Block]) -> None:
        if blocks and file.exists():
            file.rename(file.with_suffix(".frozen"))
            os.kill(os.getpid(), signal.SIGSTOP)
        send(self, lock, blocks)

    def tell(
        self: Firing, lock: str, chunks: Iterable[Sequence[Block]], now: datetime, ahead: int
    ) -> dict[str, int]:
        outcomes = fire(self, lock, chunks, now, ahead)
        if file.with_suffix(".frozen").exists() and not file.with_suffix(".answers").exists():
            file.with_suffix(".answers").write_text(" ".join(sorted(outcomes)))
        return outcomes

    setattr(Firing, "_fire", tell)  # noqa: B010 - mypy lets no method be assigned
    setattr(Firing, "_send", send_late)  # noqa: B010 - mypy forbids assigning it


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skew", type=float, default=0)
    parser.add_argument("--lease-ms", type=int, default=leader.LEASE_MS)
    parser.add_argument("--freeze-when", type=Path)
    options = parser.parse_args(arguments)
    leader.LEASE_MS = options.lease_ms
    leader.RENEW_SECONDS = options.lease_ms / 3000
    if options.freeze_when:
        freeze_when(options.freeze_when)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=options.skew), tick=True):
        return main(["scheduler"])


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
