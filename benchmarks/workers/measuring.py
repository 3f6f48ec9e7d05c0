"""One measurement: a fresh Redis, one worker of one system, its queue drained."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app import embedded, keys
from benchmarks.environment import ROOT
from benchmarks.workers.board import Board
from benchmarks.workers.systems import Peer, command_of, environment_of, peers_python

# Start-up and the first jobs, in which caches fill, do not count.
SKIPPED = 0.1
PINGS, PING_PAUSE = 60, 0.05
# No worker takes longer to start; then it waits for its first job.
STARTING = 3.0
GIVE_UP = 120.0


@dataclass(frozen=True)
class Drained:
    """Figures of one drain; processor time a job in µs, of the worker's processes and of Redis;
    memory in MB, shared pages counted once (proportional set size)."""

    jobs_per_second: float
    round_trips: float
    commands: float
    worker_cpu: float
    redis_cpu: float
    memory_mb: float
    recorder_seconds: float | None


@dataclass
class Stage:
    """A Redis, a folder, and a board."""

    url: str
    folder: Path
    redis: Redis
    board: Board


@contextmanager
def stage() -> Iterator[Stage]:
    """Start an empty Redis on a free port; everything ends with it."""
    with TemporaryDirectory(prefix="rota-benchmark-") as name:
        folder = Path(name)
        port = _free_port()
        options = ["--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        options += ["--loglevel", "warning", "--logfile", "redis.log"]
        program = [str(embedded.find_server()), *options]
        server = subprocess.Popen(program, cwd=folder, env={**os.environ, "LC_ALL": "C"})
        url = f"redis://127.0.0.1:{port}/0"
        redis = Redis.from_url(url)
        try:
            wait(lambda: _answers(redis), 10)
            yield Stage(url, folder, redis, Board(folder / "board"))
        finally:
            redis.close()
            server.kill()
            server.wait()


def drain(peer: Peer, body: str, jobs: int) -> Drained:
    """Fill the queue, start the worker, and measure it from a tenth on to the end."""
    with stage() as at, _recorder(peer, at):
        fill(peer, at, body, jobs)
        with worker(peer, at) as process:
            first = int(jobs * SKIPPED)
            wait(lambda: at.board.total() >= first, GIVE_UP)
            begun, counted, before = time.monotonic(), at.board.total(), traffic(at.redis)
            used = tree_seconds(process.pid)
            memory = 0.0
            while at.board.total() < jobs:
                time.sleep(0.02)
                if not memory and at.board.total() > jobs // 2:
                    memory = tree_memory(process.pid)
                if time.monotonic() - begun > GIVE_UP:
                    raise RuntimeError(f"{peer.name} did not drain {jobs} × {body}")
            seconds, done = time.monotonic() - begun, jobs - counted
            after, used = traffic(at.redis), tree_seconds(process.pid) - used
            recorder = _recorded(at) if peer.ours else None
    return Drained(
        jobs_per_second=done / seconds,
        round_trips=(after[0] - before[0]) / done,
        commands=(after[1] - before[1]) / done,
        worker_cpu=used / done * 1e6,
        redis_cpu=(after[2] - before[2]) / done * 1e6,
        memory_mb=memory,
        recorder_seconds=recorder,
    )


def pick_up(peer: Peer) -> float:
    """Return the median milliseconds from enqueueing to the job's first line, worker idle."""
    with stage() as at, _recorder(peer, at), worker(peer, at):
        time.sleep(STARTING)
        sent = _ping(peer, at)
        wait(lambda: at.board.began(PINGS - 1) > 0, 10)
        times = [(at.board.began(n) - sent[n]) / 1e6 for n in range(5, PINGS)]
    return median(times)


def fill(peer: Peer, at: Stage, body: str, jobs: int) -> None:
    """Put jobs into the queue."""
    environment = environment_of(peer, at.url, at.folder)
    if peer.ours:
        code = f"from benchmarks.workers.tasks import {body} as t; t.enqueue_many([{{}}] * {jobs})"
        subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    else:
        words = peers_python("fill", peer.system, body, str(jobs))
        subprocess.run(words, env=environment, cwd=ROOT, check=True)


def _ping(peer: Peer, at: Stage) -> list[int]:
    environment = environment_of(peer, at.url, at.folder)
    if peer.ours:
        code = (
            "import time; from benchmarks.workers.tasks import begin\n"
            "begin.enqueue(number=0)\n"
            f"for n in range({PINGS}):\n"
            "    print(time.monotonic_ns(), flush=True); begin.enqueue(number=n)\n"
            f"    time.sleep({PING_PAUSE})"
        )
        words = [sys.executable, "-c", code]
    else:
        words = peers_python("ping", peer.system, str(PINGS), str(PING_PAUSE))
    told = subprocess.run(words, env=environment, cwd=ROOT, check=True, capture_output=True)
    return [int(line) for line in told.stdout.split()]


@contextmanager
def worker(peer: Peer, at: Stage) -> Iterator[subprocess.Popen[bytes]]:
    """Start the worker and end all of it."""
    environment = environment_of(peer, at.url, at.folder)
    with started(command_of(peer), environment, at.folder / "worker.log") as process:
        yield process


@contextmanager
def _recorder(peer: Peer, at: Stage) -> Iterator[None]:
    """Have a scheduler record what our worker does meanwhile."""
    if not peer.ours:
        yield
        return
    environment = environment_of(peer, at.url, at.folder)
    release = [sys.executable, "-m", "app", "release"]
    subprocess.run(release, env=environment, cwd=ROOT, check=True, capture_output=True)
    scheduler = [sys.executable, "-m", "app", "scheduler"]
    with started(scheduler, environment, at.folder / "scheduler.log"):
        yield


def _recorded(at: Stage) -> float:
    """Wait until every event is recorded; return the seconds that took after the last job."""
    begun = time.monotonic()
    wait(lambda: _backlog(at.redis) == 0, GIVE_UP)
    return time.monotonic() - begun


def _backlog(redis: Redis) -> int:
    # The recorder leaves the last one that it committed.
    length: Any = redis.xlen(keys.EVENTS)
    return max(int(length) - 100, 0)


@contextmanager
def started(
    words: list[str], environment: dict[str, str], output: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as file:
        process = subprocess.Popen(
            words, env=environment, cwd=ROOT, stdout=file, stderr=file, start_new_session=True
        )
    try:
        yield process
    finally:
        for pid in [*descendants(process.pid), process.pid]:
            _kill(pid)
        process.wait()


def descendants(pid: int) -> list[int]:
    """Return the ids of a process's children and theirs."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [*descendants(child), child]
    return found


def tree_memory(pid: int) -> float:
    """Return the megabytes of a process and its descendants."""
    return sum(_memory(each) for each in [pid, *descendants(pid)])


def _memory(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def tree_seconds(pid: int) -> float:
    """Return the processor time of a process, its descendants, and those it has waited for."""
    return sum(_seconds(each) for each in [pid, *descendants(pid)])


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def traffic(redis: Redis) -> tuple[int, int, float]:
    info: Any = redis.info("stats")
    cpu: Any = redis.info("cpu")
    seconds = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
    return info["total_reads_processed"], info["total_commands_processed"], seconds


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def wait(predicate: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {seconds:g} s in vain")
        time.sleep(0.005)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
