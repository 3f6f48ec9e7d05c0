"""How soon many people who look see a change, with one real web process.

`python -m benchmarks.viewers [--viewers N] [--seconds N] [--every S] [--runs N] [--json FILE]`
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import monotonic
from typing import Any

import requests

from app.sessions import open_session
from benchmarks.consoles import QUEUES
from benchmarks.consoles.stage import PROGRAM, Filling, Stage, stage
from benchmarks.consoles.viewing import Looked, Truth, change, look
from benchmarks.workers.measuring import tree_seconds
from tests.processes import Process, launch, wait_until

TASK = "refresh_00001"
# Pages that show a new run of this task.
PAGES = ("/runs", f"/tasks/{TASK}", f"/runs?task_id={TASK}", "/runs?trigger=api")
WARM_SECONDS = 5
ROOT = Path(__file__).parent.parent


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewers", description=__doc__)
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=40)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two changes")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    options = parser.parse_args(words)
    os.environ["BENCHMARK_TASKS"] = "100"
    filling = Filling("sqlite", options.runs, 1_000, 100)
    with stage(filling) as ready, _web(ready, options.viewers) as web:
        figures = asyncio.run(_watch(ready, *web, options))
    _show(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0


@contextmanager
def _web(ready: Stage, viewers: int) -> Iterator[tuple[Process, int]]:
    settings = ready.settings
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "REDIS_URL": settings.redis_url,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "TASK_MODULES": ",".join(settings.task_modules),
        "QUEUES": ",".join(QUEUES),
        "DATA_DIR": str(settings.data_dir),
        "LOG_DIR": str(settings.log_dir),
        "CONSOLE_USERS": ",".join(f"{_name(n)}:viewer:password of {n}" for n in range(viewers)),
        "API_TOKENS": f"{PROGRAM.name}:{PROGRAM.role}:{PROGRAM.secret}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    process = launch([sys.executable, "-m", "app", "web"], environment, ROOT)
    try:
        wait_until(lambda: _answers(port), 20, f"the answer of {process}")
        yield process, port
    finally:
        process.end()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def _name(number: int) -> str:
    return f"viewer{number:03}"


async def _watch(ready: Stage, process: Process, port: int, options: Any) -> dict[str, Any]:
    now, database = datetime.now(UTC), ready.system.database
    names = [_name(number) for number in range(options.viewers)]
    cookies = [open_session(database, name, "viewer", "127.0.0.1", now) for name in names]
    truth, seen = Truth(), Looked()
    async with asyncio.TaskGroup() as group:
        viewers = [
            group.create_task(look(port, PAGES[n % len(PAGES)], cookie, truth, seen))
            for n, cookie in enumerate(cookies)
        ]
        await asyncio.sleep(WARM_SECONDS)
        began, used, commands = monotonic(), tree_seconds(process.pid), _commands(ready)
        asked = seen.unchanged + seen.sent
        while monotonic() - began < options.seconds:
            await change(port, PROGRAM.secret, TASK, truth)
            await asyncio.sleep(options.every)
        took = monotonic() - began
        figures = {
            "viewers": options.viewers,
            "changes": truth.number,
            "asked per second": (seen.unchanged + seen.sent - asked) / took,
            "web process, % of a core": (tree_seconds(process.pid) - used) / took * 100,
            "Redis commands per second": (_commands(ready) - commands) / took,
            "mean page, kB": seen.size / max(seen.sent, 1) / 1000,
            "seen by all": sum(len(found) == options.viewers for found in seen.times.values()),
            "delays": sorted(
                at - truth.asked[number] for number, found in seen.times.items() for at in found
            ),
        }
        for viewer in viewers:
            viewer.cancel()
    return figures


def _commands(ready: Stage) -> int:
    info: Any = ready.system.redis.info("stats")
    return int(info["total_commands_processed"])


def _show(figures: dict[str, Any]) -> None:
    delays: Sequence[float] = figures["delays"]
    cuts = quantiles(delays, n=100)
    print("\n| figure | value |\n|---|---|")
    for name, value in figures.items():
        if name != "delays":
            print(f"| {name} | {value:,.1f} |")
    for name, value in (("p50", cuts[49]), ("p95", cuts[94]), ("max", delays[-1])):
        print(f"| from the act until the page shows it, {name}, ms | {value * 1000:,.0f} |")
    own = resource.getrusage(resource.RUSAGE_SELF)
    print(f"| the viewers themselves, s of processor | {own.ru_utime + own.ru_stime:,.1f} |")


if __name__ == "__main__":
    sys.exit(main())
