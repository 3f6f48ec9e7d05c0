"""Workers side by side.

`python -m benchmarks.worker [--json FILE] [--rounds N] [--only PATTERN] [--body BODY]`

Every round measures every system once, so that a disturbance of the machine meets all of them;
what is shown are medians over the rounds and ratios of those.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks.workers.measuring import Drained, drain, pick_up
from benchmarks.workers.systems import SYSTEMS, Peer, prepare_environment

BODIES = ("noop", "cpu1", "sleep10")
CELERY, FORK = "Celery -c1, late ack, results", "RQ Worker (fork)"
# Jobs that wait or work take longer each, so fewer of them do.
FEWER = {"noop": 1.0, "cpu1": 0.4, "sleep10": 0.1}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="only systems whose name matches this")
    parser.add_argument("--body", choices=BODIES, help="only this kind of job")
    options = parser.parse_args(words)
    prepare_environment()
    systems = [peer for peer in SYSTEMS if re.search(options.only, peer.name)]
    bodies = (options.body,) if options.body else BODIES
    drained = _drain_all(systems, bodies, options.rounds)
    waited = _pick_up_all(systems, options.rounds) if not options.body else {}
    for body in bodies:
        _show(body, systems, drained[body])
    _show_pick_up(waited)
    if options.json:
        figures = {
            body: {name: [asdict(one) for one in runs] for name, runs in found.items()}
            for body, found in drained.items()
        }
        options.json.write_text(json.dumps({"drain": figures, "pick_up_ms": waited}, indent=1))
    return 0


def _drain_all(
    systems: list[Peer], bodies: tuple[str, ...], rounds: int
) -> dict[str, dict[str, list[Drained]]]:
    found: dict[str, dict[str, list[Drained]]] = {body: defaultdict(list) for body in bodies}
    for number in range(rounds):
        for body in bodies:
            for peer in (one for one in systems if one.does(body)):
                jobs = max(int(peer.jobs * FEWER[body]), 60)
                one = drain(peer, body, jobs)
                found[body][peer.name].append(one)
                told = f"round {number + 1}, {body}, {peer.name}: {one.jobs_per_second:,.0f}/s"
                print(told, file=sys.stderr, flush=True)
    return found


def _pick_up_all(systems: list[Peer], rounds: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for peer in (one for one in systems if one.does("begin")):
            found[peer.name].append(pick_up(peer))
    return found


def _show(body: str, systems: list[Peer], drained: dict[str, list[Drained]]) -> None:
    rates = {name: median(one.jobs_per_second for one in runs) for name, runs in drained.items()}
    print(f"\n{body}: jobs a second, medians\n")
    titles = ["system", "jobs/s", "× Celery late", "× RQ fork", "round trips", "commands"]
    titles += ["worker CPU µs", "Redis CPU µs", "MB", "recorder behind"]
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for peer in (one for one in systems if one.does(body)):
        runs, rate = drained[peer.name], rates[peer.name]
        behind = [one.recorder_seconds for one in runs if one.recorder_seconds is not None]
        cells = [
            peer.name,
            f"{rate:,.0f}",
            _ratio(rate, rates.get(CELERY)),
            _ratio(rate, rates.get(FORK)),
            f"{median(one.round_trips for one in runs):.2f}",
            f"{median(one.commands for one in runs):.1f}",
            f"{median(one.worker_cpu for one in runs):.0f}",
            f"{median(one.redis_cpu for one in runs):.0f}",
            f"{median(one.memory_mb for one in runs):.0f}",
            f"{median(behind):.1f} s" if behind else "",
        ]
        print(f"| {' | '.join(cells)} |")


def _show_pick_up(waited: dict[str, list[float]]) -> None:
    if not waited:
        return
    print("\nFrom enqueueing to the first line of the job, worker idle, median of medians\n")
    print("| system | ms |\n|---|---|")
    for name, runs in waited.items():
        print(f"| {name} | {median(runs):.2f} |")


def _ratio(rate: float, other: float | None) -> str:
    return f"{rate / other:.1f}" if other else ""


if __name__ == "__main__":
    sys.exit(main())
