"""Kill every process at random under load, then count what was lost or doubled.

`./dev chaos [--minutes N] [--seed N]`: exit status 1 if an invariant broke.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from sqlalchemy import text

from app import actions, keys
from app.errors import Conflict, RotaError
from app.records.database import reading
from app.system import System
from app.views import ENDED
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import Process, kill, launch
from tests.running import free_port
from tests.servers import RedisServer, server_folder

SCHEDULES = 10
PROCESSES = ("scheduler-1", "scheduler-2", "worker-1", "worker-2", "worker-3", "web-1")
TOKEN = "a token of the storm"
MOST_EXECUTIONS_A_RUN = 1.05
SETTLE_SECONDS = 90


@dataclass
class Chaos:
    """A system under fire. `accepted` are the runs that were acknowledged."""

    system: System
    redis: RedisServer
    environment: dict[str, str]
    random: random.Random
    processes: dict[str, Process] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    over_http: int = 0

    def start(self, name: str) -> None:
        argv = [sys.executable, "-m", "app", name.partition("-")[0]]
        self.processes[name] = launch(argv, self.environment)

    def rage(self, seconds: float) -> None:
        """Kill something every half second or so, and start what is down."""
        end = time.monotonic() + seconds
        next_redis = time.monotonic() + 10
        while time.monotonic() < end:
            self.trigger_some()
            time.sleep(self.random.uniform(0.1, 0.4))
            if time.monotonic() > next_redis:
                self.redis.kill()
                self.kills["redis"] += 1
                time.sleep(self.random.uniform(0.1, 1.0))
                self.redis.start()
                next_redis = time.monotonic() + self.random.uniform(8, 20)
                continue
            name = self.random.choice(PROCESSES)
            with suppress(ProcessLookupError):
                kill(self.processes[name], group=True)
            self.kills[name.partition("-")[0]] += 1
            self.processes[name].end()
            self.start(name)

    def trigger_some(self) -> None:
        """Accept a few runs, one over the API; what is not acknowledged does not count."""
        for _ in range(self.random.randint(6, 12)):
            with suppress(RotaError):
                self.accepted.append(actions.trigger(self.system, OPERATOR, "tick").run_id)
        with suppress(requests.RequestException):
            answer = requests.post(
                f"http://127.0.0.1:{self.environment['PORT']}/api/v1/tasks/tick/trigger",
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=1,
            )
            if answer.status_code == 202:
                self.accepted.append(answer.json()["run_id"])
                self.over_http += 1

    def settle(self) -> None:
        """Wait until nothing waits or runs any more."""
        actions.pause_everything(self.system, OPERATOR, "the storm is over")
        end = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < end and self.unsettled():
            time.sleep(0.5)

    def unsettled(self) -> int:
        """Return how many runs wait or run, in SQL or in Redis."""
        live = self.rows("SELECT status FROM runs WHERE status IN ('queued','running','scheduled')")
        return len(live) + int(self.system.redis.llen(keys.queue("default")))

    def rows(self, query: str) -> list[Any]:
        with reading(self.system.database) as connection:
            return list(connection.execute(text(query)))

    def stop(self) -> None:
        for process in self.processes.values():
            process.end()

    # --- the invariants --------------------------------------------------------------------------

    def invariants(self) -> Iterator[tuple[str, bool, str]]:
        """Yield (invariant, whether it holds, figures)."""
        statuses = {row.run_id: row.status for row in self.rows("SELECT run_id, status FROM runs")}
        ledger = self.ledger()
        lost = [run for run in self.accepted if statuses.get(run) not in ENDED]
        yield (
            "every acknowledged run ended",
            not lost,
            (f"{len(self.accepted):,}, {self.over_http:,} of them over HTTP, {len(lost)} lost"),
        )
        bad = Counter(s for s in statuses.values() if s not in ("succeeded", "missed"))
        yield "nothing ended badly", not bad, str(dict(bad)) if bad else f"{len(statuses):,} runs"
        gaps, doubles, fires = self._fire_times(statuses)
        yield (
            "every fire time once",
            not gaps and not doubles,
            (f"{fires:,} fire times, {gaps} missing, {doubles} doubled"),
        )
        silent = [run for run, s in statuses.items() if s == "succeeded" and run not in ledger]
        yield "what succeeded was executed", not silent, f"{len(silent)} were not"
        ratio = sum(ledger.values()) / max(len(ledger), 1)
        yield "executions a run", ratio <= MOST_EXECUTIONS_A_RUN, f"{ratio:.3f}"
        left = int(self.system.redis.zcard(keys.LIVENESS))
        yield "no execution is left over", left == 0, str(left)

    def _fire_times(self, statuses: dict[str, str]) -> tuple[int, int, int]:
        times: dict[str, list[int]] = {}
        for run_id in statuses:
            schedule_id, _, tail = run_id.partition("--")
            if tail.isdigit():
                times.setdefault(schedule_id, []).append(int(tail))
        gaps = doubles = 0
        for found in times.values():
            expected = max(found) - min(found) + 1
            gaps += expected - len(set(found))
            doubles += len(found) - len(set(found))
        return gaps, doubles, sum(map(len, times.values()))

    def ledger(self) -> Counter[str]:
        """Return how often each run executed, as the task itself wrote it."""
        path = Path(self.environment["TEST_LEDGER"])
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.split()[0] for line in lines if line)


def storm(minutes: float, seed: int) -> bool:
    """Rage for a while, settle, print the table of invariants; return whether all hold."""
    with TemporaryDirectory() as name, server_folder() as short:
        folder = Path(name)
        redis = RedisServer(short / "redis", durable=True)
        redis.start()
        database_url = f"sqlite:///{folder / 'rota.sqlite3'}"
        system = open_system(redis.url, database_url, folder)
        release(system)
        environment = {
            **os.environ,
            "REDIS_URL": redis.url,
            "DATABASE_URL": database_url,
            "TASK_MODULES": "tests.samples",
            "DATA_DIR": name,
            "TEST_LEDGER": str(folder / "ledger"),
            "PORT": str(free_port()),
            "API_TOKENS": f"storm:operator:{TOKEN}",
            "SECRET_KEY": "a secret of the storm that is long enough",
            "PYTHONPATH": str(Path.cwd()),
        }
        chaos = Chaos(system, redis, environment, random.Random(seed))
        for number in range(SCHEDULES):
            with suppress(Conflict):
                actions.create_schedule(system, OPERATOR, "tick", f"s{number}", every="1s")
        for process in PROCESSES:
            chaos.start(process)
        time.sleep(3)
        chaos.rage(minutes * 60)
        chaos.settle()
        holds = _print_table(chaos, minutes, seed)
        chaos.stop()
        system.close()
        redis.stop()
    return holds


def _print_table(chaos: Chaos, minutes: float, seed: int) -> bool:
    kills = ", ".join(f"{count} {name}" for name, count in sorted(chaos.kills.items()))
    print(f"{minutes:g} minutes, seed {seed}: {chaos.kills.total()} kills ({kills})")
    all_hold = True
    for invariant, holds, figures in chaos.invariants():
        print(f"{'holds ' if holds else 'BROKEN'}  {invariant:<32} {figures}")
        all_hold = all_hold and holds
    return all_hold


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return 0 if storm(options.minutes, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
