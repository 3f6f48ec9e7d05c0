"""A scheduler process on a host whose clock is wrong, or that freezes at the worst moment.

`python -m tests.engine.odd_scheduler [--skew SECONDS] [--lease-ms N] [--freeze-when FILE]`
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine
from redis import Redis

from app import firing, leader
from app.cli import main


def freeze_when(file: Path) -> None:
    """Stop this process once, after it judged what is due and before it writes that.

    `file` orders it; then it is renamed, and says afterwards how the late write ended.
    """
    send = firing._send

    def send_late(redis: Redis, calls: Sequence[firing.Call]) -> list[tuple[bytes, Any]]:
        frozen = calls and file.exists()
        if frozen:
            file.rename(file.with_suffix(".frozen"))
            os.kill(os.getpid(), signal.SIGSTOP)
        answers = send(redis, calls)
        if frozen:
            told = " ".join(sorted({answer.decode() for _, answer in answers}))
            file.with_suffix(".answers").write_text(told)
        return answers

    firing._send = send_late


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
