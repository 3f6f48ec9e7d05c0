"""The systems under measurement: how to start each and how to fill its queue."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environment import ENVIRONMENTS, ROOT, prepare

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
ENVIRONMENT = ENVIRONMENTS / "venv"


@dataclass(frozen=True)
class Peer:
    """A worker process of one system. `command` runs in the peers' environment; `threads` is how
    many of our runs that wait share a process, and then only those are measured."""

    name: str
    system: str
    command: tuple[str, ...]
    jobs: int
    late: bool = False
    ours: bool = False
    threads: int = 1

    @property
    def environment(self) -> dict[str, str]:
        late = {"BENCHMARK_LATE": "1"} if self.late else {}
        return late | ({"BENCHMARK_THREADS": str(self.threads)} if self.threads > 1 else {})

    def does(self, body: str) -> bool:
        """Tell whether it is measured with this kind of job."""
        return self.threads == 1 or body == "sleep10"


def _rq(name: str, kind: str, jobs: int) -> Peer:
    command = ("rq", "worker", "-q", "-w", kind, "default")
    return Peer(name, "rq", command, jobs)


def _celery(name: str, children: int, *, late: bool) -> Peer:
    words = (
        "celery -A benchmarks.workers.peers:celery worker -P prefork -l WARNING --without-gossip"
    )
    words += f" --without-mingle --without-heartbeat -c {children}"
    return Peer(name, "celery", tuple(words.split()), 3_000, late=late)


def _huey(name: str, children: int) -> Peer:
    words = f"huey_consumer benchmarks.workers.peers.huey -q -k process -w {children}"
    return Peer(name, "huey", tuple(words.split()), 5_000)


def _dramatiq(name: str, processes: int, threads: int) -> Peer:
    words = f"dramatiq benchmarks.workers.peers --processes {processes} --threads {threads}"
    return Peer(name, "dramatiq", tuple(words.split()), 3_000)


def _ours(name: str, children: int, *, threads: int = 1) -> Peer:
    words = f"-m app worker default --concurrency {children}"
    return Peer(name, "rota", tuple(words.split()), 6_000, ours=True, threads=threads)


SYSTEMS = (
    _ours("rota, 1 child", 1),
    _ours("rota, 2 children", 2),
    _ours("rota, @task(threads=8)", 1, threads=8),
    _ours("rota, @task(threads=16)", 1, threads=16),
    _rq("RQ Worker (fork)", "rq.Worker", 250),
    _rq("RQ SimpleWorker", "rq.SimpleWorker", 800),
    _celery("Celery -c1, late ack, results", 1, late=True),
    _celery("Celery -c2, late ack, results", 2, late=True),
    _celery("Celery -c1, early ack, no results", 1, late=False),
    _huey("huey, 1 process", 1),
    _huey("huey, 2 processes", 2),
    _dramatiq("dramatiq 1×1", 1, 1),
    _dramatiq("dramatiq 2×8", 2, 8),
)


def prepare_environment() -> None:
    """Make the peers' environment, unless it holds these requirements already."""
    prepare(ENVIRONMENT.name, REQUIREMENTS)


def command_of(peer: Peer) -> list[str]:
    """Return the command line of a worker."""
    if peer.ours:
        return [sys.executable, *peer.command]
    return [str(ENVIRONMENT / "bin" / peer.command[0]), *peer.command[1:]]


def peers_python(*words: str) -> list[str]:
    """Return the command line of our own helper in the peers' environment."""
    return [str(ENVIRONMENT / "bin" / "python"), "-m", "benchmarks.workers.peers", *words]


def environment_of(peer: Peer, url: str, folder: Path) -> dict[str, str]:
    """Return what a worker, and who fills its queue, find in their environment."""
    return {
        **os.environ,
        **peer.environment,
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": url,
        "BENCHMARK_BOARD": str(folder / "board"),
        "DATABASE_URL": f"sqlite:///{folder / 'rota.sqlite3'}",
        "DATA_DIR": str(folder),
        "TASK_MODULES": "benchmarks.workers.tasks",
    }
