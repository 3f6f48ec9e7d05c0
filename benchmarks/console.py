"""The console beside rq-dashboard, with a million runs and a hundred thousand jobs.

`python -m benchmarks.console [--database sqlite|postgresql] [--keep FOLDER] [--only WORDS]`
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.consoles.addresses import addresses
from benchmarks.consoles.measuring import Cost, measure
from benchmarks.consoles.stage import Filling, stage

MOST_MS, MOST_BYTES = 50.0, 60_000


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=1_000, help="among them 10,000 schedules")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="fill this folder once and use it again")
    parser.add_argument("--only", default="", help="only addresses that match this")
    options = parser.parse_args(words)
    os.environ["BENCHMARK_TASKS"] = str(options.tasks)
    filling = Filling(options.database, options.runs, options.jobs, options.tasks)
    with stage(filling, options.keep) as ready:
        places = [each for each in addresses(ready) if re.search(options.only, each[0])]
        costs = measure(ready, places, options.rounds)
    _show(costs)
    if options.json:
        options.json.write_text(json.dumps([asdict(cost) for cost in costs], indent=1))
    return 0


def _show(costs: Sequence[Cost]) -> None:
    print("\n| address | status | p50 ms | p95 ms | cpu ms | KB | queries | round trips | |")
    print(f"|{'---|' * 9}")
    for cost in sorted(costs, key=lambda cost: -cost.p95):
        page = not cost.name.startswith(("/api/", "/metrics"))
        told = ["slow"] * (cost.p95 > MOST_MS) + ["large"] * (page and cost.size > MOST_BYTES)
        times = f"{cost.p50:.1f} | {cost.p95:.1f} | {cost.cpu:.1f}"
        print(
            f"| {cost.name} | {cost.status} | {times} | {cost.size / 1000:.1f} "
            f"| {cost.queries} | {cost.trips} | {' '.join(told)} |"
        )


if __name__ == "__main__":
    sys.exit(main())
