"""The scheduler beside its peers.

`python -m benchmarks.scheduler [--json FILE] [--only PART] [--counts N,…]`

Every system fires from the same Redis server, one after the other, each alone on the machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.schedulers.after_kills import after_kills
from benchmarks.schedulers.due_at_once import due_at_once
from benchmarks.schedulers.idle import idle
from benchmarks.schedulers.lateness import line, spread, table
from benchmarks.schedulers.running import OURS
from benchmarks.workers.systems import prepare_environment


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scheduler", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--only", choices=("due", "lateness", "spread", "idle", "kills"))
    parser.add_argument("--counts", default="10,1000,10000", help="numbers of schedules")
    parser.add_argument("--rounds", type=int, default=3, help="of passes over what is due")
    parser.add_argument("--marks", type=int, default=1, help="full minutes watched, each")
    parser.add_argument("--kills", type=int, default=5, help="of the leader, and of a worker")
    parser.add_argument("--seconds", type=int, default=20, help="of spread lateness and of idling")
    options = parser.parse_args()
    prepare_environment()
    counts = [int(count) for count in options.counts.split(",")]
    parts: dict[str, Callable[[], Any]] = {
        "due": lambda: due_at_once(max(counts), options.rounds),
        "spread": lambda: [_spread(count, options.seconds) for count in counts],
        "lateness": lambda: [asdict(one) for one in table(counts, options.marks)],
        "kills": lambda: [asdict(one) for one in after_kills(options.kills)],
        "idle": lambda: [
            asdict(idle(system, 10 * max(counts), options.seconds))
            for system in (OURS, "rq-scheduler -i 1", "rq-scheduler -i 60")
        ],
    }
    figures = {name: measure() for name, measure in parts.items() if options.only in (None, name)}
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def _spread(count: int, seconds: int) -> dict[str, Any]:
    found = spread(count, seconds)
    print(f"{line(found)} (spread)", flush=True)
    return asdict(found)


if __name__ == "__main__":
    main()
