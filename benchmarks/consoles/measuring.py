"""How long the server takes for an address, and how much it sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter, process_time

from werkzeug.test import TestResponse

from benchmarks.consoles.stage import PERSON, PROGRAM, Stage
from tests.console.costs import watched
from tests.console.people import Program, signed_in

WARM = 2


@dataclass(frozen=True)
class Cost:
    """Of one address: milliseconds in the server, bytes uncompressed, what it asked for.

    `cpu` is the median of this process's own time: a busy machine does not lengthen it, but it
    holds SQLite's work and not that of Redis or PostgreSQL.
    """

    name: str
    status: int
    p50: float
    p95: float
    cpu: float
    size: int
    queries: int
    trips: int


def measure(stage: Stage, places: list[tuple[str, str]], rounds: int) -> list[Cost]:
    """Ask for each address `rounds` times, in turn, so that a disturbance meets all of them."""
    browser, program = signed_in(stage.app, PERSON), Program(stage.app, PROGRAM)
    asks: dict[str, Callable[[str], TestResponse]] = {
        name: program.get if path.startswith(("/api/", "/metrics")) else browser.get
        for name, path in places
    }
    found = {}
    for name, path in places:
        for _ in range(WARM):
            asks[name](path)
        with watched(stage.system) as cost:
            answer = asks[name](path)
        found[name] = (answer.status_code, len(answer.data), len(cost.queries), len(cost.trips))
    times: dict[str, list[float]] = {name: [] for name, _ in places}
    own: dict[str, list[float]] = {name: [] for name, _ in places}
    for _ in range(rounds):
        for name, path in places:
            started, worked = perf_counter(), process_time()
            asks[name](path)
            own[name].append((process_time() - worked) * 1000)
            times[name].append((perf_counter() - started) * 1000)
    return [
        Cost(name, *found[name][:1], *_spread(times[name]), median(own[name]), *found[name][1:])
        for name, _ in places
    ]


def _spread(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=20, method="inclusive")
    return cuts[9], cuts[18]
